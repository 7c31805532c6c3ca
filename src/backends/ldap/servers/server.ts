/** One server of a directory, with the connections that are kept to it. */
import type { Clock, Log } from '../../../core/ports.ts';
import { createBreaker } from './breaker.ts';
import type { Breaker } from './breaker.ts';
import { openConnection } from '../wire/connection.ts';
import type { Connection, ConnectionOptions, Reader } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { createPool } from './pool.ts';
import type { Pool } from './pool.ts';
import type { ServiceAccount } from './service-account.ts';

/** How many connections are kept, and how long; milliseconds. */
export interface PoolLimits {
  readonly search: number;
  readonly bind: number;
  readonly idle: number;
  readonly age: number;
}

export interface ServerDeps {
  readonly backend: string;
  /** Read for each connection, as certificates may be read again. */
  readonly options: () => ConnectionOptions;
  readonly limits: PoolLimits;
  readonly account: ServiceAccount | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** A deadline for what is done unasked. */
  readonly soon: () => Deadline;
}

export interface Server extends Disposable {
  readonly endpoint: Endpoint;
  readonly breaker: Breaker;
  /** Searches as the service account, or as nobody where none is configured. */
  readonly reader: Reader;
  /**
   * Lends a connection for one bind of a user and what that user may then read. Whoever was bound on it before, the
   * next thing done on it is a bind.
   */
  withBind<T>(deadline: Deadline, work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Returns when the server answers and accepts the service account. Throws DirectoryFault. */
  prove(deadline: Deadline): Promise<void>;
  /** Closes what was opened with options that have changed. */
  retire(): void;
}

export function createServer(endpoint: Endpoint, deps: ServerDeps): Server {
  const { backend, options, limits, account, clock, log, soon } = deps;
  const { idle, age } = limits;
  const { url: name } = endpoint;
  /** All that stand, those too that are still being made ready. */
  const open = new Set<Connection>();
  let disposed = false;
  const searching = createPool({ name, max: limits.search, idle, age, open: connectAsService, clock });
  const binding = createPool({ name, max: limits.bind, idle, age, open: connect, clock });
  const breaker = createBreaker({ backend, server: name, clock, log, probe: () => prove(searching, soon()) });

  async function connect(deadline: Deadline): Promise<Connection> {
    const connection = await openConnection(endpoint, options(), deadline);
    if (disposed) connection[Symbol.dispose]();
    for (const known of open) if (known.closed) open.delete(known);
    open.add(connection);
    return connection;
  }

  async function connectAsService(deadline: Deadline): Promise<Connection> {
    const limit = deadline.within(options().timeout);
    const connection = await connect(limit);
    try {
      await account?.bind(connection, limit);
      return connection;
    } catch (error) {
      connection[Symbol.dispose]();
      throw error;
    }
  }

  return {
    endpoint,
    breaker,
    reader: {
      search: (request, deadline) =>
        // A search that is done twice does no harm.
        searching.use(
          deadline,
          (connection) => connection.search(request, deadline),
          ({ kind }) => kind === 'lost',
        ),
    },
    withBind: (deadline, work) =>
      // A password that may have arrived has been an attempt; one that was never sent has not.
      binding.use(deadline, work, ({ kind, sent }) => kind === 'lost' && !sent),
    prove: (deadline) => prove(searching, deadline),
    retire: () => {
      searching.retire();
      binding.retire();
    },
    [Symbol.dispose]: () => {
      breaker[Symbol.dispose]();
      searching[Symbol.dispose]();
      binding[Symbol.dispose]();
      disposed = true;
      for (const connection of open) connection[Symbol.dispose]();
    },
  };
}

async function prove(pool: Pool, deadline: Deadline): Promise<void> {
  await pool.use(
    deadline,
    (connection) => connection.prove(deadline),
    () => true,
  );
}
