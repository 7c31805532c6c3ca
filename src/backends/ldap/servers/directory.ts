/** A directory as its servers: they are asked in order, those that fail last of all. */
import type { Deadline } from '../../../core/deadline.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { DirectoryFault, TELLS_OF_SERVER } from '../wire/fault.ts';
import { createServer } from './server.ts';
import type { Server, ServerDeps } from './server.ts';

/** One server during one piece of work. */
export type ServerAtHand = Pick<Server, 'endpoint' | 'reader' | 'withBind' | 'prove'>;

export interface Directory extends AsyncDisposable {
  /**
   * Does work with one server, and with the next when it fails in a way that says nothing about the next. The work may
   * so be done again from its start.
   *
   * @throws DirectoryFault
   */
  withServer<T>(deadline: Deadline, work: (server: ServerAtHand) => Promise<T>): Promise<T>;
  /** Closes the connections that were opened with options that have changed. */
  retire(): void;
}

export interface DirectoryDeps extends ServerDeps {
  /** The servers there are now, in the order they are asked. Throws DirectoryFault. */
  readonly endpoints: (deadline: Deadline) => Promise<readonly Endpoint[]>;
}

export function createDirectory({ endpoints, ...deps }: DirectoryDeps): Directory {
  const servers = new Map<string, Server>();
  let disposed = false;

  function serverOf(endpoint: Endpoint): Server {
    if (disposed) throw new DirectoryFault('out-of-time', `${endpoint.url}: the broker is stopping`);
    const server = servers.get(endpoint.url) ?? createServer(endpoint, deps);
    servers.set(endpoint.url, server);
    return server;
  }

  /** Servers that are no longer named are forgotten. */
  function keepOnly(current: readonly Server[]): void {
    for (const [url, server] of servers) {
      if (current.includes(server)) continue;
      servers.delete(url);
      server[Symbol.dispose]();
    }
  }

  async function inOrder(deadline: Deadline): Promise<readonly Server[]> {
    const current = (await endpoints(deadline)).map(serverOf);
    if (servers.size > current.length) keepOnly(current);
    const working = current.filter(({ breaker }) => !breaker.isOpen);
    const failing = current.filter(({ breaker }) => breaker.isOpen);
    return [...working, ...failing.toSorted((one, other) => other.breaker.workedAt - one.breaker.workedAt)];
  }

  async function withServer<T>(deadline: Deadline, work: (server: ServerAtHand) => Promise<T>): Promise<T> {
    const faults: DirectoryFault[] = [];
    const inTurn = await inOrder(deadline);
    for (const [index, server] of inTurn.entries()) {
      if (faults.length > 0 && deadline.left() === 0) break;
      try {
        const isLast = index === inTurn.length - 1;
        const result = await work(isLast ? server : impatient(server, deps.options().operationTimeout / 2));
        server.breaker.worked();
        return result;
      } catch (error) {
        if (!(error instanceof DirectoryFault)) throw error;
        if (TELLS_OF_SERVER.has(error.kind)) server.breaker.failed(error);
        faults.push(error);
        if (!error.elsewhere) break;
      }
    }
    throw summary(faults);
  }

  return {
    withServer,
    retire: () => {
      for (const server of servers.values()) server.retire();
    },
    [Symbol.asyncDispose]: async () => {
      disposed = true;
      for (const server of servers.values()) server[Symbol.dispose]();
    },
  };
}

/** With others left to ask, one that does not answer a search gets less time, so that the login still fits. */
function impatient({ reader, ...server }: Server, milliseconds: number): ServerAtHand {
  return {
    ...server,
    reader: { search: (request, deadline) => reader.search(request, deadline.within(milliseconds)) },
  };
}

function summary(faults: readonly DirectoryFault[]): DirectoryFault {
  const last = faults.at(-1) ?? new DirectoryFault('out-of-time', 'no server was asked in time');
  if (faults.length < 2) return last;
  return new DirectoryFault(last.kind, `no server can tell: ${faults.map(({ message }) => message).join('; ')}`, {
    cause: last.cause,
    ...(last.retryAfter === undefined ? {} : { retryAfter: last.retryAfter }),
  });
}
