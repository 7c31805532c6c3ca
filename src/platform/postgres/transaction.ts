/** A transaction that is tried again when it conflicts with others, and whose end is known. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Query } from './connections.ts';
import { canRetry, UnusableError } from './failures.ts';

/** What a commit waits for (postgresql.org/docs/15/runtime-config-wal.html). */
export type SynchronousCommit = 'on' | 'remote_apply';

export interface TransactionOptions {
  readonly synchronousCommit: SynchronousCommit;
  /** After which the server ends a statement by itself. */
  readonly statementMs: number;
}

const ATTEMPTS = 4;
/** Milliseconds before the next attempt, times the number of attempts and 0.5 to 1.5. */
const PAUSE_MS = 10;

/** The last value wins over the settings of the role, which may be weaker, and ends with the transaction. */
const SETTINGS =
  "SELECT pg_catalog.set_config('synchronous_commit', $1, true), pg_catalog.set_config('statement_timeout', $2, true)";

/** @throws whatever the work throws, after a rollback; UnusableError when the commit is not confirmed */
export async function inTransaction<T>(
  query: Query,
  { synchronousCommit, statementMs }: TransactionOptions,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await query('BEGIN');
      await query(SETTINGS, [synchronousCommit, String(statementMs)]);
      const result = await work();
      await commit(query);
      return result;
    } catch (error) {
      if (!canRetry(error) || attempt === ATTEMPTS) throw error;
      await query('ROLLBACK');
      await delay(PAUSE_MS * attempt * (0.5 + Math.random()));
    }
  }
}

/**
 * INVARIANT: a commit that returns is on every disk that `synchronous_commit` names. When the wait for a standby is
 * cancelled, PostgreSQL reports success with a warning: the change is on the primary only, and a failover undoes it
 * (SyncRepWaitForLSN in src/backend/replication/syncrep.c).
 */
async function commit(query: Query): Promise<void> {
  const { command, warnings } = await query('COMMIT');
  if (command !== 'COMMIT') throw new UnusableError('the server has rolled the transaction back');
  if (warnings.length > 0) {
    throw new UnusableError(
      'no standby has confirmed the change: it is on the primary alone, and a failover may undo it',
    );
  }
}
