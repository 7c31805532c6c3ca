/**
 * The open connections of a listener, counted from accept on: the limit on their number and the deadline of the TLS
 * handshake. Node's HTTP server does not know a TLS connection before its handshake is complete.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { networksOf } from '../core/client-network.ts';
import { Peers } from './peers.ts';
import { WaitingConnections } from './waiting-connections.ts';
import type { WaitState } from './waiting-connections.ts';

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
  /** Sets what this connection does: `busy` has a complete request, which is answered even at the limit. */
  mark(socket: Socket, state: RequestState): void;
  destroyAll(): void;
}

export type RequestState = Exclude<WaitState, 'silent'> | 'busy';

interface Connection {
  readonly raw: Socket;
  handshake: NodeJS.Timeout | undefined;
  /** The network of the client. Undefined before the first request: a proxy may report another address until then. */
  network: string | undefined;
}

/** @param onLimit called for each connection that is closed because of a limit */
export function trackConnections(
  server: Server,
  { max, handshakeMs }: Pick<ConnectionLimits, 'max' | 'handshakeMs'>,
  onLimit: (reason: CloseReason) => void,
): Connections {
  const isTls = 'setSecureContext' in server;
  const byRaw = new Map<Socket, Connection>();
  const peers = new Peers<Connection>();
  const established = new WeakMap<Socket, Connection | undefined>();
  const waiting = new WaitingConnections<Connection>();

  function close(connection: Connection, reason: CloseReason): void {
    onLimit(reason);
    connection.raw.destroy();
    remove(connection);
  }

  function remove(connection: Connection): void {
    clearTimeout(connection.handshake);
    byRaw.delete(connection.raw);
    waiting.delete(connection);
  }

  server.on('connection', (raw: Socket) => {
    const connection: Connection = { raw, handshake: undefined, network: undefined };
    // Without others that wait for their client, all are busy with requests: the new one is closed.
    const excess = byRaw.size < max ? undefined : (waiting.first() ?? connection);
    byRaw.set(raw, connection);
    waiting.set(connection, networkOf(raw), 'silent');
    raw.once('close', () => remove(connection));
    if (!isTls) established.set(raw, connection);
    // A peer without a port uses a Unix socket, so it is local: Node's own handshake timeout is enough.
    else if (raw.remotePort !== undefined) {
      peers.set(raw, connection);
      connection.handshake = setTimeout(() => close(connection, 'handshake'), handshakeMs).unref();
    }
    if (excess !== undefined) close(excess, 'limit');
  });
  server.on('secureConnection', (secure: Socket) => {
    const connection = peers.get(secure);
    clearTimeout(connection?.handshake);
    established.set(secure, connection);
  });

  return {
    count: () => byRaw.size,
    isEstablished: (socket) => established.has(socket),
    mark: (socket, state) => {
      const connection = established.get(socket);
      if (connection === undefined || !byRaw.has(connection.raw)) return;
      connection.network ??= networkOf(socket);
      waiting.set(connection, connection.network, state);
    },
    destroyAll: () => {
      for (const raw of byRaw.keys()) raw.destroy();
    },
  };
}

function networkOf({ remoteAddress = '' }: Socket): string {
  return networksOf(remoteAddress)[0].name;
}
