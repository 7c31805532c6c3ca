/** The listener, with limits on the size and duration of requests. It closes without losing a request. */
import { createServer as createHttpServer } from 'node:http';
import type { RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { chmod, lstat, unlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ListenAddress } from '../core/listen-address.ts';
import { errorBody } from './respond.ts';

export interface ListenOptions {
  readonly address: ListenAddress;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** The id for the answer to a request that cannot be parsed, and so does not reach the application. */
  readonly newRequestId: () => string;
}

export interface Listener {
  /** The URL for clients: `http://127.0.0.1:5001`, `unix:/run/fairlead.sock`. */
  readonly url: string;
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

export async function listen(handler: RequestListener, options: ListenOptions): Promise<Listener> {
  const secure =
    options.tls === undefined
      ? undefined
      : createHttpsServer({ ...HTTP_LIMITS, minVersion: 'TLSv1.2', ...options.tls }, handler);
  const server: Server = secure ?? createHttpServer(HTTP_LIMITS, handler);
  server.maxRequestsPerSocket = 0;
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    answerBroken(error, socket, options.newRequestId()),
  );
  const inFlight = trackResponses(server);
  let lastConnection = 0;
  server.on('connection', () => {
    lastConnection = performance.now();
  });
  await bind(server, options.address);
  return {
    url: urlOf(server, options),
    setTls: (tls) => secure?.setSecureContext({ minVersion: 'TLSv1.2', ...tls }),
    close: async (graceMs) => {
      if (graceMs > 0) await quiet(() => lastConnection);
      await closeServer(server, inFlight, graceMs);
    },
  };
}

function trackResponses(server: Server): ReadonlySet<ServerResponse> {
  const inFlight = new Set<ServerResponse>();
  server.on('request', (_request, response) => {
    inFlight.add(response);
    response.once('close', () => inFlight.delete(response));
  });
  return inFlight;
}

async function bind(server: Server, address: ListenAddress): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const refuse = (cause: Error): void => reject(new Error(`cannot listen on ${textOf(address)}`, { cause }));
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

function textOf(address: ListenAddress): string {
  return 'socket' in address ? `unix:${address.socket}` : `${address.host}:${address.port}`;
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

/** A request that Node cannot parse is answered in JSON too: containerd and docker print nothing useful otherwise. */
function answerBroken(error: NodeJS.ErrnoException, socket: Socket, requestId: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, code] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? (['431 Request Header Fields Too Large', 'request_too_large'] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? (['408 Request Timeout', 'invalid_request'] as const)
        : (['400 Bad Request', 'invalid_request'] as const);
  const body = errorBody(code, requestId);
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** The kernel resets connections that are not accepted yet when the listening socket closes. */
const QUIET_MS = 100;
const QUIET_AT_MOST_MS = 3000;

async function quiet(lastConnection: () => number): Promise<void> {
  const until = performance.now() + QUIET_AT_MOST_MS;
  for (;;) {
    const wait = lastConnection() + QUIET_MS - performance.now();
    if (wait <= 0 || performance.now() >= until) return;
    await delay(wait);
  }
}

async function closeServer(server: Server, inFlight: ReadonlySet<ServerResponse>, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // Node closes the idle connections. Without this header, a connection in use would stay open after its answer.
  for (const response of inFlight) if (!response.headersSent) response.setHeader('Connection', 'close');
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  server.close(() => resolve());
  await promise;
  clearTimeout(cut);
}
