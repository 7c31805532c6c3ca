/** TCP servers that are no directory: mute ones, talkative ones, and ones that pass on what they get until told not to. */
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

/** @param onConnection what it does with a connection; absent: nothing at all */
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
 * For `startTcpStandIn`: passes everything on to a port.
 *
 * @param cut asked before each chunk from the server; `true` ends both connections instead
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

/** Passes everything on to a port, and can be told to lose connections in the ways networks do. */
export interface LossyProxy extends TcpStandIn {
  /** Resets those that stand, as a balancer does after a while. */
  reset(): void;
  /** Ends those that stand in order (FIN). */
  end(): void;
  /** Passes nothing on any more over those that stand, and tells nobody. */
  blackHole(): void;
  /** From the next connection on, each passes on one answer of the server and then nothing: with StartTLS, its consent. */
  stallNew(stalls: boolean): void;
}

export async function startLossyProxy(port: number): Promise<LossyProxy> {
  const standing = new Set<Socket>();
  const black = new WeakSet<Socket>();
  let stalls = false;
  const standIn = await startTcpStandIn((socket) => {
    const stalled = stalls;
    let answers = 0;
    const server = connect({ port, host: '127.0.0.1' });
    standing.add(socket);
    server.on('error', () => socket.destroy());
    server.on('close', () => void (black.has(socket) || socket.destroy()));
    socket.on('close', () => {
      standing.delete(socket);
      server.destroy();
    });
    socket.on('data', (chunk: Buffer) => void (black.has(socket) || server.write(chunk)));
    server.on('data', (chunk: Buffer) => {
      answers += 1;
      if (!black.has(socket) && !(stalled && answers > 1)) socket.write(chunk);
    });
  });
  return {
    ...standIn,
    reset: () => {
      for (const socket of standing) socket.resetAndDestroy();
    },
    end: () => {
      for (const socket of standing) socket.end();
    },
    blackHole: () => {
      for (const socket of standing) black.add(socket);
    },
    stallNew: (how) => {
      stalls = how;
    },
  };
}
