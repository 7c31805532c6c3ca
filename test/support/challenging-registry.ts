/** A registry as far as clients find their token service by it: it answers each request with a Bearer challenge. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ChallengingRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly name: string;
  /** The header `WWW-Authenticate` from now on; undefined: it has none, and answers 200. */
  challenge: string | undefined;
}

export async function startChallengingRegistry(): Promise<ChallengingRegistry> {
  const server = createServer((_request, response) => {
    const { challenge } = registry;
    response.writeHead(
      challenge === undefined ? 200 : 401,
      challenge === undefined ? {} : { 'WWW-Authenticate': challenge },
    );
    response.end('{}');
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const registry: ChallengingRegistry = {
    name: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    challenge: undefined,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return registry;
}
