/**
 * The open connections of a listener, counted from accept on: the limit on their number and the deadline of the TLS
 * handshake. Node's HTTP server does not know a TLS connection before its handshake is complete.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionLimits {
  /** The number of open connections. */
  readonly max: number;
  /** Milliseconds from accept to the end of the TLS handshake. */
  readonly handshakeMs: number;
  /** Milliseconds from the head of a request until the client has read the response. */
  readonly answerMs: number;
}

/** The limit because of which a connection is closed. */
export type CloseReason = 'limit' | 'handshake';

export interface Connections {
  readonly count: () => number;
  /** Whether the TLS handshake is complete, so that an answer can be written. Always true without TLS. */
  isEstablished(socket: Socket): boolean;
  /** Sets whether a request of this connection is in progress. */
  mark(socket: Socket, state: 'busy' | 'idle'): void;
  destroyAll(): void;
}

interface Connection {
  readonly raw: Socket;
  handshake: NodeJS.Timeout | undefined;
}

/** @param onLimit called for each connection that is closed because of a limit */
export function trackConnections(
  server: Server,
  { max, handshakeMs }: Pick<ConnectionLimits, 'max' | 'handshakeMs'>,
  onLimit: (reason: CloseReason) => void,
): Connections {
  const isTls = 'setSecureContext' in server;
  const byRaw = new Map<Socket, Connection>();
  const byPeer = new Map<string, Connection>();
  const established = new WeakMap<Socket, Connection | undefined>();
  /** Connections without a request so far, oldest first. */
  const silent = new Set<Connection>();
  /** Connections between two requests, the one that is idle longest first. */
  const idle = new Set<Connection>();

  function close(connection: Connection, reason: CloseReason): void {
    onLimit(reason);
    connection.raw.destroy();
    forget(connection);
  }

  function forget(connection: Connection): void {
    clearTimeout(connection.handshake);
    byRaw.delete(connection.raw);
    silent.delete(connection);
    idle.delete(connection);
  }

  server.on('connection', (raw: Socket) => {
    const connection: Connection = { raw, handshake: undefined };
    byRaw.set(raw, connection);
    silent.add(connection);
    const peer = peerOf(raw);
    raw.once('close', () => {
      forget(connection);
      if (peer !== undefined && byPeer.get(peer) === connection) byPeer.delete(peer);
    });
    if (!isTls) established.set(raw, connection);
    // A peer without a port uses a Unix socket, so it is local: Node's own handshake timeout is enough.
    else if (peer !== undefined) {
      byPeer.set(peer, connection);
      connection.handshake = setTimeout(() => close(connection, 'handshake'), handshakeMs).unref();
    }
    if (byRaw.size <= max) return;
    // Connections with a request in progress stay open. A flood of silent ones cannot lock out anybody: they go first.
    const [oldest = connection] = [...firstOther(silent, connection), ...firstOther(idle, connection)];
    close(oldest, 'limit');
  });
  server.on('secureConnection', (secure: Socket) => {
    const peer = peerOf(secure);
    const connection = peer === undefined ? undefined : byPeer.get(peer);
    clearTimeout(connection?.handshake);
    established.set(secure, connection);
  });

  return {
    count: () => byRaw.size,
    isEstablished: (socket) => established.has(socket),
    mark: (socket, state) => {
      const connection = established.get(socket);
      if (connection === undefined || !byRaw.has(connection.raw)) return;
      silent.delete(connection);
      if (state === 'busy') idle.delete(connection);
      else idle.add(connection);
    },
    destroyAll: () => {
      for (const raw of byRaw.keys()) raw.destroy();
    },
  };
}

/** The first connection in the set that is not the given one, or none. */
function firstOther(connections: ReadonlySet<Connection>, given: Connection): readonly Connection[] {
  for (const connection of connections) if (connection !== given) return [connection];
  return [];
}

/** The remote address and port, which identify the TCP connection of a TLS socket. */
function peerOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress ?? ''} ${remotePort}`;
}
