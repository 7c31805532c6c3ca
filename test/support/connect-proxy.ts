/** An HTTP proxy that passes TLS through (CONNECT, RFC 9110 section 9.3.6), and nothing else. */
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

export interface ConnectProxy extends AsyncDisposable {
  readonly url: string;
  /** `host:port` of each connection asked for so far. */
  targets(): readonly string[];
  /** What it answers from now on instead of passing anything through. */
  refuse(status: number): void;
  /** Passes connections on only with these credentials (RFC 7617) from now on, and answers 407 to others. */
  require(username: string, password: string): void;
}

export async function startConnectProxy(): Promise<ConnectProxy> {
  const targets: string[] = [];
  const open = new Set<Socket>();
  let refusal: number | undefined;
  let authorization: string | undefined;
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
  });
  server.on('connect', (request, client: Socket) => {
    targets.push(request.url ?? '');
    const isRefused = authorization !== undefined && request.headers['proxy-authorization'] !== authorization;
    const status = isRefused ? 407 : refusal;
    if (status !== undefined) {
      client.end(`HTTP/1.1 ${status} Refused\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    targets: () => [...targets],
    refuse: (status) => {
      refusal = status;
    },
    require: (username, password) => {
      authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of open) socket.destroy();
      await closed.promise;
    },
  };
}
