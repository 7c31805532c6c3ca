/**
 * A directory as its servers: the configured ones are asked in order, one that failed last of all for a while. This is
 * the one place that opens connections: whoever needs one borrows it from the server at hand.
 */
import type { Clock, Log } from '../../core/ports.ts';
import { openConnection } from './connection.ts';
import type { Connection, ConnectionOptions } from './connection.ts';
import type { Deadline } from './deadline.ts';
import type { Endpoint } from './endpoint.ts';
import { DirectoryFault } from './fault.ts';
import type { ServiceAccount } from './service-account.ts';

/** One server during one piece of work. What is borrowed is given back by disposing of it. */
export interface Server {
  readonly endpoint: Endpoint;
  /** A connection of the service account, or of nobody where none is configured; for searches. */
  forSearch(deadline: Deadline): Promise<Connection>;
  /** A connection for one bind of a user and what that user may then read. */
  forBind(deadline: Deadline): Promise<Connection>;
}

export interface Directory extends AsyncDisposable {
  /**
   * Does work with one server, and with the next when it fails in a way that says nothing about the next. The work may
   * so be done again from its start.
   *
   * @throws DirectoryFault
   */
  withServer<T>(deadline: Deadline, work: (server: Server) => Promise<T>): Promise<T>;
}

export interface DirectoryDeps {
  /** The backend's name, for the log. */
  readonly backend: string;
  readonly endpoints: readonly Endpoint[];
  /** Read for each connection, as certificates may be read again. */
  readonly options: () => ConnectionOptions;
  readonly account: ServiceAccount | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

const FIRST_AVOIDED_MS = 5000;
const LAST_AVOIDED_MS = 60_000;

interface Avoided {
  readonly until: number;
  readonly milliseconds: number;
}

export function createDirectory({ backend, endpoints, options, account, clock, log }: DirectoryDeps): Directory {
  const avoided = new Map<Endpoint, Avoided>();
  const open = new Set<Connection>();
  let disposed = false;

  async function borrow(endpoint: Endpoint, deadline: Deadline): Promise<Connection> {
    if (disposed) throw new DirectoryFault('out-of-time', `${endpoint.url}: the broker is stopping`);
    const connection = await openConnection(endpoint, options(), deadline);
    // The broker may have stopped while the connection was made.
    if (disposed) connection[Symbol.dispose]();
    for (const known of open) if (known.closed) open.delete(known);
    open.add(connection);
    return connection;
  }

  async function borrowForSearch(endpoint: Endpoint, deadline: Deadline): Promise<Connection> {
    const connection = await borrow(endpoint, deadline);
    try {
      await account?.bind(connection, deadline);
      return connection;
    } catch (error) {
      connection[Symbol.dispose]();
      throw error;
    }
  }

  function inOrder(): readonly Endpoint[] {
    const now = clock.monotonic();
    const waits = (endpoint: Endpoint): number => Math.max(0, (avoided.get(endpoint)?.until ?? 0) - now);
    return endpoints.toSorted((one, other) => waits(one) - waits(other));
  }

  function failed(endpoint: Endpoint, fault: DirectoryFault): void {
    const before = avoided.get(endpoint);
    if (before === undefined)
      log.warn('a directory server fails', { backend, server: endpoint.url, cause: fault.message });
    const milliseconds = Math.min(LAST_AVOIDED_MS, before === undefined ? FIRST_AVOIDED_MS : before.milliseconds * 2);
    avoided.set(endpoint, { until: clock.monotonic() + milliseconds, milliseconds });
  }

  function worked(endpoint: Endpoint): void {
    if (avoided.delete(endpoint)) log.info('a directory server works again', { backend, server: endpoint.url });
  }

  async function withServer<T>(deadline: Deadline, work: (server: Server) => Promise<T>): Promise<T> {
    const faults: DirectoryFault[] = [];
    for (const endpoint of inOrder()) {
      if (faults.length > 0 && deadline.left() === 0) break;
      try {
        const result = await work({
          endpoint,
          forSearch: (until) => borrowForSearch(endpoint, until),
          forBind: (until) => borrow(endpoint, until),
        });
        worked(endpoint);
        return result;
      } catch (error) {
        if (!(error instanceof DirectoryFault)) throw error;
        if (TELLS_OF_SERVER.has(error.kind)) failed(endpoint, error);
        faults.push(error);
        if (!error.elsewhere) break;
      }
    }
    throw summary(faults);
  }

  return {
    withServer,
    [Symbol.asyncDispose]: async () => {
      disposed = true;
      for (const connection of open) connection[Symbol.dispose]();
      open.clear();
    },
  };
}

const TELLS_OF_SERVER: ReadonlySet<DirectoryFault['kind']> = new Set([
  'unreachable',
  'tls',
  'no-answer',
  'lost',
  'unavailable',
]);

function summary(faults: readonly DirectoryFault[]): DirectoryFault {
  const last = faults.at(-1) ?? new DirectoryFault('out-of-time', 'no server was asked in time');
  if (faults.length < 2) return last;
  return new DirectoryFault(last.kind, `no server can tell: ${faults.map(({ message }) => message).join('; ')}`, {
    cause: last.cause,
    ...(last.retryAfter === undefined ? {} : { retryAfter: last.retryAfter }),
  });
}
