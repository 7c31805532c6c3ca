/** One server of a directory, with its pools of connections. */
import type { Clock, Log } from '../../../core/ports.ts';
import { createServerHealth } from './server-health.ts';
import type { ServerHealth } from './server-health.ts';
import { openConnection } from '../wire/connection.ts';
import type { LdapConnection, ConnectionOptions } from '../wire/connection.ts';
import type { Reader } from '../wire/search.ts';
import { createControlSupport } from '../wire/control-support.ts';
import type { ControlSupport } from '../wire/control-support.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { Pool } from './pool.ts';
import type { ServiceAccount } from './service-account.ts';

interface PoolLimits {
  /** Maximum number of connections for searches, and for binds of users. */
  readonly search: number;
  readonly bind: number;
  /** Milliseconds; see `PoolOptions`. */
  readonly idle: number;
  readonly age: number;
}

export interface ServerDeps {
  readonly backend: string;
  /** Called for each connection, because certificates may have been read again. */
  readonly options: () => ConnectionOptions;
  readonly limits: PoolLimits;
  /** Undefined: searches are anonymous. */
  readonly serviceAccount: ServiceAccount | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** A deadline for work without a caller, such as probes. */
  readonly backgroundDeadline: () => Deadline;
}

export interface Server extends Disposable {
  readonly endpoint: Endpoint;
  readonly health: ServerHealth;
  /** Searches as the service account, or anonymously where none is configured. */
  readonly reader: Reader;
  /**
   * Runs work with a connection for one bind of a user and for what that user may then read. The connection may still be
   * bound as another user, so the work begins with a bind.
   */
  withBind<T>(deadline: Deadline, work: (connection: LdapConnection) => Promise<T>): Promise<T>;
  /** Returns when the server answers and accepts the service account. Throws DirectoryFault. */
  probe(deadline: Deadline): Promise<void>;
  /** Closes the connections that were opened with earlier options. */
  retire(): void;
}

export function createServer(endpoint: Endpoint, deps: ServerDeps): Server {
  const { backend, limits, clock, log } = deps;
  const controls = createControlSupport(() => clock.monotonic());
  const opener = createOpener(endpoint, deps.options, controls);
  const common = { name: endpoint.url, idle: limits.idle, age: limits.age, clock };
  const searchPool = new Pool({
    ...common,
    max: limits.search,
    open: (deadline) => openAsService(opener, deps, deadline),
  });
  const bindPool = new Pool({ ...common, max: limits.bind, open: opener.open });
  const probe = (deadline: Deadline): Promise<void> =>
    searchPool.use(
      deadline,
      (connection) => connection.ping(deadline),
      () => true,
    );
  const health = createServerHealth({
    backend,
    server: endpoint.url,
    clock,
    log,
    probe: () => probe(deps.backgroundDeadline()),
  });

  return {
    endpoint,
    health,
    reader: {
      search: (request, deadline) =>
        // A repeated search does no harm.
        searchPool.use(
          deadline,
          (connection) => connection.search(request, deadline),
          ({ kind }) => kind === 'lost',
        ),
    },
    withBind: (deadline, work) =>
      // INVARIANT: a password that may have arrived is never sent again; the directory would count a second attempt.
      bindPool.use(deadline, work, ({ kind, sent }) => kind === 'lost' && !sent),
    probe,
    retire: () => {
      searchPool.retire();
      bindPool.retire();
    },
    [Symbol.dispose]: () => {
      health[Symbol.dispose]();
      searchPool[Symbol.dispose]();
      bindPool[Symbol.dispose]();
      opener[Symbol.dispose]();
    },
  };
}

/** Opens connections and, when it is disposed of, closes all of them, also those that no pool has yet. */
interface Opener extends Disposable {
  open(deadline: Deadline): Promise<LdapConnection>;
}

function createOpener(endpoint: Endpoint, options: () => ConnectionOptions, controls: ControlSupport): Opener {
  const connections = new Set<LdapConnection>();
  let isDisposed = false;
  return {
    open: async (deadline) => {
      const connection = await openConnection(endpoint, options(), deadline, controls);
      if (isDisposed) connection[Symbol.dispose]();
      for (const known of connections) if (known.closed) connections.delete(known);
      connections.add(connection);
      return connection;
    },
    [Symbol.dispose]: () => {
      isDisposed = true;
      for (const connection of connections) connection[Symbol.dispose]();
    },
  };
}

async function openAsService(
  opener: Opener,
  { options, serviceAccount }: ServerDeps,
  deadline: Deadline,
): Promise<LdapConnection> {
  const limit = deadline.within(options().timeout);
  const connection = await opener.open(limit);
  try {
    await serviceAccount?.bind(connection, limit);
    await connection.learnControls(limit);
    return connection;
  } catch (error) {
    connection[Symbol.dispose]();
    throw error;
  }
}
