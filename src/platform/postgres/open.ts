/** Opens the records in PostgreSQL. Every operation has a time limit, and a circuit breaker in front. */
import type { BackendState, Clock, Log } from '../../core/ports.ts';
import type { Records } from '../store/records.ts';
import { createBreaker, OpenError } from './breaker.ts';
import type { Connections, Query } from './connections.ts';
import { openConnections } from './connections.ts';
import type { ConnectionSettings } from './connections.ts';
import { failureText, isOutage, unavailable } from './failures.ts';
import { verifySchema } from './schema.ts';
import { postgresStore } from './store.ts';
import type { Database, Operation } from './store.ts';
import { inTransaction } from './transaction.ts';
import type { SynchronousCommit } from './transaction.ts';

export interface PostgresSettings extends ConnectionSettings {
  readonly synchronousCommit: SynchronousCommit;
  /** Milliseconds for one operation: a connection, and all statements. */
  readonly timeoutMs: number;
}

/** What became of an operation; `refused`: it was not tried, because the breaker is open. */
type OperationOutcome = 'done' | 'failed' | 'refused';

export interface PostgresDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** For metrics. */
  readonly onOperation?: (operation: Operation, outcome: OperationOutcome, seconds: number) => void;
}

/** A list has many pages, and only commands read it. */
const LIST_MS = 30_000;

/** Reaches no server: that happens with the first operation. */
export function openPostgres(settings: PostgresSettings, deps: PostgresDeps): Records {
  const connections = openConnections({ ...settings, verify: verifySchema });
  // A server that cannot commit, such as one without its standby, still says which tokens are valid.
  const reading = guarded('read', connections, deps);
  const writing = guarded('write', connections, deps);
  const { synchronousCommit, timeoutMs } = settings;
  const limitOf = (operation: Operation): number => (operation === 'list' ? LIST_MS : timeoutMs);
  const database: Database = {
    read: (operation, work) => reading(operation, limitOf(operation), work),
    write: (operation, work) =>
      writing(operation, timeoutMs, (query) =>
        inTransaction(query, { synchronousCommit, statementMs: timeoutMs }, () => work(query)),
      ),
  };
  return {
    store: (options) => postgresStore(options, database),
    probe: () => probe(connections, timeoutMs),
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
  };
}

type Run = <T>(operation: Operation, milliseconds: number, work: (query: Query) => Promise<T>) => Promise<T>;

function guarded(access: 'read' | 'write', connections: Connections, { clock, log, onOperation }: PostgresDeps): Run {
  const breaker = createBreaker({
    clock,
    random: Math.random,
    isOutage,
    onChange: (cause) => {
      if (cause === undefined) return log.info('records store available again', { access });
      connections.renew();
      return log.error('records store unavailable', { access, cause: failureText(cause) });
    },
  });
  return async (operation, milliseconds, work) => {
    const start = clock.monotonic();
    const report = (outcome: OperationOutcome): void =>
      onOperation?.(operation, outcome, (clock.monotonic() - start) / 1000);
    try {
      const result = await breaker.run(() => connections.use(milliseconds, work));
      report('done');
      return result;
    } catch (error) {
      report(error instanceof OpenError ? 'refused' : 'failed');
      throw unavailable(connections.where(), error);
    }
  };
}

/** Bypasses the breaker and does not change its state: a failed probe blocks no request. */
async function probe(connections: Connections, milliseconds: number): Promise<BackendState> {
  try {
    const { rows } = await connections.use(milliseconds, (query) =>
      query(
        "SELECT pg_catalog.pg_is_in_recovery() OR pg_catalog.current_setting('transaction_read_only') = 'on' AS readonly",
      ),
    );
    return rows[0]?.['readonly'] === false ? { state: 'up' } : { state: 'down', detail: 'the server is read-only' };
  } catch (error) {
    return { state: 'down', detail: failureText(error) };
  }
}
