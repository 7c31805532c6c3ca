/** TCP servers for tests: servers that answer as the test decides, and proxies that lose connections on demand. */
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

export interface TcpStandIn extends AsyncDisposable {
  readonly port: number;
  /** `ldap://127.0.0.1:PORT` */
  readonly url: string;
  /** How many connections have been made. */
  connections(): number;
  /** All bytes that clients have sent. */
  received(): Buffer;
}

/** @param onConnection handles a connection; default: never answers */
export async function startTcpStandIn(onConnection: (socket: Socket) => void = () => undefined): Promise<TcpStandIn> {
  const open = new Set<Socket>();
  const chunks: Buffer[] = [];
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    onConnection(socket);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    url: `ldap://127.0.0.1:${port}`,
    connections: () => count,
    received: () => Buffer.concat(chunks),
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of open) socket.destroy();
      await closed.promise;
    },
  };
}

/**
 * A connection handler for `startTcpStandIn`: a proxy to a port.
 *
 * @param cut called before each chunk from the server is passed on; `true` closes both connections instead
 */
export function passOn(port: number, cut: (passed: number) => boolean = () => false): (socket: Socket) => void {
  return (socket) => {
    let passed = 0;
    const server = connect({ port, host: '127.0.0.1' });
    server.on('error', () => socket.destroy());
    server.on('close', () => socket.destroy());
    socket.on('close', () => server.destroy());
    socket.on('data', (chunk: Buffer) => void server.write(chunk));
    server.on('data', (chunk: Buffer) => {
      passed += 1;
      if (cut(passed)) socket.destroy();
      else socket.write(chunk);
    });
  };
}

/** A proxy that loses connections as networks do. */
export interface LossyProxy extends TcpStandIn {
  /** Resets all open connections, as a load balancer does after its idle timeout. */
  reset(): void;
  /** Closes all open connections (FIN). */
  end(): void;
  /** Drops everything on the open connections, and keeps them open. */
  blackHole(): void;
  /** Whether new connections pass on one answer of the server and then nothing. With StartTLS that is its consent. */
  stallNew(stalls: boolean): void;
}

export async function startLossyProxy(port: number): Promise<LossyProxy> {
  const open = new Set<Socket>();
  const dropping = new WeakSet<Socket>();
  let stalls = false;
  const standIn = await startTcpStandIn((socket) => {
    const stalled = stalls;
    let answers = 0;
    const server = connect({ port, host: '127.0.0.1' });
    open.add(socket);
    server.on('error', () => socket.destroy());
    server.on('close', () => void (dropping.has(socket) || socket.destroy()));
    socket.on('close', () => {
      open.delete(socket);
      server.destroy();
    });
    socket.on('data', (chunk: Buffer) => void (dropping.has(socket) || server.write(chunk)));
    server.on('data', (chunk: Buffer) => {
      answers += 1;
      if (!dropping.has(socket) && !(stalled && answers > 1)) socket.write(chunk);
    });
  });
  return {
    ...standIn,
    reset: () => {
      for (const socket of open) socket.resetAndDestroy();
    },
    end: () => {
      for (const socket of open) socket.end();
    },
    blackHole: () => {
      for (const socket of open) dropping.add(socket);
    },
    stallNew: (value) => {
      stalls = value;
    },
  };
}
