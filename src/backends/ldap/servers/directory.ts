/** A directory is a list of servers. They are tried in order, and servers that failed last time are tried last. */
import type { ServerState } from '../../../core/ports.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { DirectoryFault, SERVER_FAULTS } from '../wire/fault.ts';
import { createServer } from './server.ts';
import type { Server, ServerDeps } from './server.ts';

/** The members of a server that the work of `withServer` may use. */
export type ServerAccess = Pick<Server, 'endpoint' | 'reader' | 'withBind' | 'probe'>;

export interface Directory extends AsyncDisposable {
  /**
   * Runs work with one server. When it fails with a fault that allows failover, the work starts again from its beginning
   * with the next server.
   *
   * @throws DirectoryFault
   */
  withServer<T>(deadline: Deadline, work: (server: ServerAccess) => Promise<T>): Promise<T>;
  /** In the order in which the next work tries them; none before the first. */
  states(): readonly ServerState[];
  /** Closes the connections that were opened with earlier options. */
  retire(): void;
}

export interface DirectoryDeps extends ServerDeps {
  /** The current servers, in the order in which they are tried. Throws DirectoryFault. */
  readonly endpoints: (deadline: Deadline) => Promise<readonly Endpoint[]>;
}

export function createDirectory({ endpoints, ...deps }: DirectoryDeps): Directory {
  const servers = new Map<string, Server>();
  let isDisposed = false;

  function serverOf(endpoint: Endpoint): Server {
    if (isDisposed) throw new DirectoryFault('out-of-time', `${endpoint.url}: the broker is stopping`);
    const server = servers.get(endpoint.url) ?? createServer(endpoint, deps);
    servers.set(endpoint.url, server);
    return server;
  }

  /** Removes the servers that the endpoints no longer name. */
  function keepOnly(current: readonly Server[]): void {
    for (const [url, server] of servers) {
      if (current.includes(server)) continue;
      servers.delete(url);
      server[Symbol.dispose]();
    }
  }

  return {
    withServer: async (deadline, work) => {
      const current = (await endpoints(deadline)).map(serverOf);
      if (servers.size > current.length) keepOnly(current);
      return tryEach(inOrder(current), deps.options().operationTimeout, deadline, work);
    },
    states: () => inOrder([...servers.values()]).map(({ health }) => health.state()),
    retire: () => {
      for (const server of servers.values()) server.retire();
    },
    [Symbol.asyncDispose]: async () => {
      isDisposed = true;
      for (const server of servers.values()) server[Symbol.dispose]();
    },
  };
}

/** Working servers in the configured order, then failing ones: first the one that worked last. */
function inOrder(servers: readonly Server[]): readonly Server[] {
  const working = servers.filter(({ health }) => !health.isFailing);
  const failing = servers.filter(({ health }) => health.isFailing);
  return [...working, ...failing.toSorted((one, other) => other.health.workedAt - one.health.workedAt)];
}

async function tryEach<T>(
  servers: readonly Server[],
  operationTimeout: number,
  deadline: Deadline,
  work: (server: ServerAccess) => Promise<T>,
): Promise<T> {
  const faults: DirectoryFault[] = [];
  for (const [index, server] of servers.entries()) {
    if (faults.length > 0 && deadline.left() === 0) break;
    try {
      const isLast = index === servers.length - 1;
      const result = await work(isLast ? server : withSearchTimeout(server, operationTimeout / 2));
      server.health.recordSuccess();
      return result;
    } catch (error) {
      if (!(error instanceof DirectoryFault)) throw error;
      if (SERVER_FAULTS.has(error.kind)) server.health.recordFault(error);
      faults.push(error);
      if (!error.canFailOver) break;
    }
  }
  throw combine(faults);
}

/** Leaves time for the other servers when this one does not answer a search. */
function withSearchTimeout({ reader, ...server }: Server, milliseconds: number): ServerAccess {
  return {
    ...server,
    reader: { search: (request, deadline) => reader.search(request, deadline.within(milliseconds)) },
  };
}

function combine(faults: readonly DirectoryFault[]): DirectoryFault {
  const last = faults.at(-1) ?? new DirectoryFault('out-of-time', 'no server was tried in time');
  if (faults.length < 2) return last;
  return new DirectoryFault(last.kind, `every server failed: ${faults.map(({ message }) => message).join('; ')}`, {
    cause: last.cause,
    ...(last.retryAfter === undefined ? {} : { retryAfter: last.retryAfter }),
  });
}
