/** A TCP proxy in front of a source, with the failures of servers and networks. */
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

export interface Outages {
  /** Connections end, and new ones are refused. */
  stop(): Promise<void>;
  /** Connections are accepted and stand; nothing is passed on. */
  hang(): void;
  /** The source answers, a byte every half second. */
  slow(): void;
  /** Everything is passed on, and each answer comes so many milliseconds later. */
  delay(milliseconds: number): void;
  /** Every request is answered with a page that is no answer of this source. */
  nonsense(): void;
  /** Everything is passed on again. */
  restore(): Promise<void>;
}

export interface OutageProxy extends Outages, AsyncDisposable {
  readonly port: number;
}

type Mode = 'pass' | 'hang' | 'slow' | 'delay' | 'nonsense';

const PAGE = 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 15\r\n\r\n<p>Welcome!</p>';
const BYTE_MS = 500;

/** @param target the port of the source, asked for each connection */
export async function startOutageProxy(target: () => number): Promise<OutageProxy> {
  const open = new Set<Socket>();
  let mode: Mode = 'pass';
  let delayMs = 0;

  function accept(client: Socket): void {
    const source = connect({ port: target(), host: '127.0.0.1' });
    track(client, source);
    track(source, client);
    client.on('data', (chunk: Buffer) => {
      if (mode === 'nonsense') client.write(PAGE);
      else if (mode !== 'hang') source.write(chunk);
    });
    source.on('data', (chunk: Buffer) => {
      if (mode === 'pass') client.write(chunk);
      else if (mode === 'slow') trickle(client, chunk);
      else if (mode === 'delay') setTimeout(() => client.write(chunk), delayMs).unref();
    });
  }

  function track(socket: Socket, other: Socket): void {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      other.destroy();
    });
  }

  const server = createServer(accept);
  const port = await listen(server, 0);
  const stop = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    for (const socket of open) socket.destroy();
    await promise;
  };
  return {
    port,
    stop,
    hang: () => {
      mode = 'hang';
    },
    slow: () => {
      mode = 'slow';
    },
    delay: (milliseconds) => {
      mode = 'delay';
      delayMs = milliseconds;
    },
    nonsense: () => {
      mode = 'nonsense';
    },
    restore: async () => {
      mode = 'pass';
      // A connection that has lost bytes is of no use any more.
      for (const socket of open) socket.destroy();
      if (!server.listening) await listen(server, port);
    },
    [Symbol.asyncDispose]: stop,
  };
}

function trickle(client: Socket, chunk: Buffer): void {
  let sent = 0;
  const timer = setInterval(() => {
    client.write(chunk.subarray(sent, sent + 1));
    sent += 1;
    if (sent === chunk.length) clearInterval(timer);
  }, BYTE_MS);
  client.on('close', () => clearInterval(timer));
}

async function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
  return address.port;
}
