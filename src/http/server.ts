/** The listener, with limits on connections and on the size and duration of requests. It closes without losing a request. */
import { createServer as createHttpServer } from 'node:http';
import type { RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { chmod, lstat, unlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ListenAddress } from '../core/listen-address.ts';
import type { Log } from '../core/ports.ts';
import { trackConnections } from './connections.ts';
import type { CloseReason, ConnectionLimits, Connections } from './connections.ts';
import type { MessageClasses } from './express-messages.ts';
import { addressText, listenError } from './listen-error.ts';
import { answerParserError } from './parser-error.ts';
import { readProxyHeaders } from './proxy-protocol.ts';
import type { ConnectionListener } from './proxy-protocol.ts';
import { rateLimited } from './rate-limited-log.ts';
import { serveInTurns } from './request-turns.ts';

export interface ListenOptions {
  readonly address: ListenAddress;
  /** The configuration key of the address, for messages. */
  readonly key: string;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** The classes of requests and responses. Absent: those of Node. */
  readonly messages?: MessageClasses;
  /** The id for the answer to a request that cannot be parsed, and so does not reach the application. */
  readonly newRequestId: () => string;
  readonly limits: ConnectionLimits;
  /** Whether a peer sends the address of the client by the PROXY protocol. Undefined: no peer does. */
  readonly sendsProxyHeader?: (address: string | undefined) => boolean;
  /** Called for each connection that is closed because of a limit, for the metric. */
  readonly onLimit: (reason: CloseReason) => void;
  readonly log: Log;
}

export interface Listener {
  /** The URL for clients: `http://127.0.0.1:5001`, `unix:/run/fairlead.sock`. */
  readonly url: string;
  /** The number of open connections, including those in a TLS handshake. */
  readonly connections: () => number;
  /** Uses a new certificate for new connections. No effect without TLS. */
  setTls(tls: { readonly cert: string; readonly key: string }): void;
  /**
   * Closes without losing a request. First waits until no client has connected for a moment, because the kernel resets
   * connections that are not accepted yet. Then stops accepting, waits for the requests in flight, and closes the
   * remaining connections. The answers in flight have `Connection: close`.
   *
   * @param graceMs how long to wait for the requests in flight; 0 closes at once
   */
  close(graceMs: number): Promise<void>;
}

/** Node takes 0 for no limit. */
export const HTTP_LIMITS = {
  // oc-mirror sends 18 KB of scopes, and CI systems send long tokens as passwords. Node's default is 16 KiB.
  maxHeaderSize: 65_536,
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5000,
} as const satisfies ServerOptions;

/** The application checks the Host header: Node refuses a request without one, but accepts two. */
const OPTIONS: ServerOptions = { ...HTTP_LIMITS, requireHostHeader: false };

export async function listen(handler: RequestListener, options: ListenOptions): Promise<Listener> {
  const secure = options.tls === undefined ? undefined : await createTlsServer(options.tls, options);
  const server: Server = secure ?? createHttpServer({ ...OPTIONS, ...options.messages });
  server.maxRequestsPerSocket = 0;
  const byNode = connectionListeners(server);
  const connections = limitConnections(server, options);
  const withLimits = connectionListeners(server);
  const inFlight = serveInTurns(server, handler, { answerMs: options.limits.answerMs, onState: connections.mark });
  // The limits apply from accept on; the listeners that read bytes wait for the header of a proxy.
  const readers = connectionListeners(server).filter((one) => byNode.includes(one) || !withLimits.includes(one));
  answerParserErrors(server, connections, options);
  let lastConnection = 0;
  server.on('connection', () => {
    lastConnection = performance.now();
  });
  const { sendsProxyHeader: isTrustedProxy, limits } = options;
  if (isTrustedProxy !== undefined) {
    readProxyHeaders(server, readers, { isTrustedProxy, timeoutMs: limits.handshakeMs });
  }
  await bind(server, options);
  return {
    url: urlOf(server, options),
    connections: connections.count,
    setTls: (tls) => secure?.setSecureContext({ minVersion: 'TLSv1.2', ...tls }),
    close: async (graceMs) => {
      if (graceMs > 0) await quiet(() => lastConnection);
      await closeServer(server, inFlight, connections, graceMs);
    },
  };
}

function connectionListeners(server: Server): readonly ConnectionListener[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node types the listeners of any event as Function
  return server.listeners('connection') as ConnectionListener[];
}

async function createTlsServer(
  tls: NonNullable<ListenOptions['tls']>,
  { limits, messages }: ListenOptions,
): Promise<HttpsServer> {
  // Loaded here: it takes time at the start, and most brokers are behind a proxy with TLS.
  const { createServer: createHttpsServer } = await import('node:https');
  // For Unix sockets only. The timeout starts again with each packet; trackConnections limits the whole handshake.
  const handshakeTimeout = 2 * limits.handshakeMs;
  return createHttpsServer({ ...OPTIONS, ...messages, minVersion: 'TLSv1.2', handshakeTimeout, ...tls });
}

function limitConnections(server: Server, { address, limits, log, onLimit }: ListenOptions): Connections {
  const warn = rateLimited(log.warn, () => performance.now());
  return trackConnections(server, limits, (reason) => {
    onLimit(reason);
    const { max } = limits;
    if (reason === 'limit')
      warn('connection limit reached, idle connections closed', { address: addressText(address), max });
  });
}

function answerParserErrors(server: Server, connections: Connections, { newRequestId, log }: ListenOptions): void {
  const debug = rateLimited(log.debug, () => performance.now());
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const { remoteAddress } = socket;
    // During a TLS handshake there is no HTTP yet: an answer would wait for the end of the handshake.
    const status = connections.isEstablished(socket) ? answerParserError(error, socket, newRequestId()) : undefined;
    if (status === undefined) socket.destroy();
    else debug('request refused by the HTTP parser', { status, cause: error.code, client: remoteAddress });
  });
}

async function bind(server: Server, { address, key }: ListenOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const refuse = (cause: Error): void => reject(listenError(key, address, cause));
  server.once('error', refuse);
  if ('socket' in address) {
    await removeOldSocket(address.socket);
    server.listen(address.socket, resolve);
  } else {
    server.listen(address.port, address.host, resolve);
  }
  await promise;
  server.removeListener('error', refuse);
  if ('socket' in address) await chmod(address.socket, 0o660);
}

/** Removes the socket file that a killed broker has left. Any other file stays, and `listen` fails. */
async function removeOldSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() === true) await unlink(path);
}

function urlOf(server: Server, { tls }: ListenOptions): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return `unix:${bound ?? ''}`;
  const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return `${tls === undefined ? 'http' : 'https'}://${host}:${bound.port}`;
}

/** The kernel resets connections that are not accepted yet when the listening socket closes. */
const QUIET_MS = 100;
export const QUIET_AT_MOST_MS = 3000;

async function quiet(lastConnection: () => number): Promise<void> {
  const until = performance.now() + QUIET_AT_MOST_MS;
  for (;;) {
    const wait = lastConnection() + QUIET_MS - performance.now();
    if (wait <= 0 || performance.now() >= until) return;
    await delay(wait);
  }
}

async function closeServer(
  server: Server,
  inFlight: () => readonly ServerResponse[],
  connections: Connections,
  graceMs: number,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // Node closes the idle connections. Without this header, a connection in use would stay open after its answer.
  for (const response of inFlight()) if (!response.headersSent) response.setHeader('Connection', 'close');
  // closeAllConnections() of Node does not close connections in a TLS handshake.
  const cut = setTimeout(() => connections.destroyAll(), graceMs);
  server.close(() => resolve());
  await promise;
  clearTimeout(cut);
}
