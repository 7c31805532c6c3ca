/** Opens the way to a server: TCP, then TLS at once (ldaps) or after StartTLS, all before a time and never half-way. */
import { connect, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { Deadline } from '../../../core/deadline.ts';
import type { Endpoint } from './endpoint.ts';
import { DirectoryFault, lateFault } from './fault.ts';
import { startTls } from './start-tls.ts';

export interface DialOptions {
  readonly mode: 'ldaps' | 'starttls' | 'none';
  readonly trust: SecureContext;
  /** The name the certificate must have; undefined: the endpoint's host. */
  readonly serverName: string | undefined;
  /** Milliseconds all of this may take. */
  readonly timeout: number;
}

/** Less than what balancers and firewalls take for dead. */
const KEEP_ALIVE_MS = 30_000;

/** @throws DirectoryFault `unreachable`, `tls`, `no-answer` or `out-of-time`; nothing stays open then. */
export async function dial(endpoint: Endpoint, options: DialOptions, deadline: Deadline): Promise<Socket> {
  const limit = deadline.within(options.timeout);
  const late = () => lateFault(endpoint.url, 'connecting', deadline);
  if (limit.left() === 0) throw late();
  const { host, port, path } = endpoint;
  const way = path === undefined ? { host, port, noDelay: true } : { path };
  const socket = connect({ ...way, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
  // Errors after the last wait are told by `close`; without a listener one would end the process.
  socket.on('error', () => undefined);
  const timer = setTimeout(() => socket.destroy(late()), limit.left());
  try {
    await reached(socket, 'connect', (cause) => unreachable(endpoint, cause));
    if (options.mode === 'none') return socket;
    if (options.mode === 'starttls') await startTls(socket, endpoint);
    return await secure(socket, endpoint, options);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function secure(socket: Socket, endpoint: Endpoint, options: DialOptions): Promise<Socket> {
  const host = options.serverName ?? endpoint.host;
  const secured = connectTls({
    socket,
    // The certificate is checked against `host`; `servername` is what the server is told, and may not be an address.
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    secureContext: options.trust,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
  });
  secured.on('error', () => undefined);
  // The timer of `dial` holds the socket beneath.
  const beneath = (): void => void secured.destroy(socket.errored ?? undefined);
  socket.once('close', beneath);
  try {
    await reached(secured, 'secureConnect', (cause) => badTls(endpoint, cause));
    return secured;
  } catch (error) {
    secured.destroy();
    throw error;
  } finally {
    socket.removeListener('close', beneath);
  }
}

async function reached(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  faultOf: (cause: Error | undefined) => DirectoryFault,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (error?: Error): void => reject(error instanceof DirectoryFault ? error : faultOf(error));
  const closed = (): void => fail(socket.errored ?? undefined);
  socket.once(event, resolve);
  socket.once('error', fail);
  socket.once('close', closed);
  try {
    await promise;
  } finally {
    socket.removeListener(event, resolve);
    socket.removeListener('error', fail);
    socket.removeListener('close', closed);
  }
}

function unreachable({ url }: Endpoint, cause: Error | undefined): DirectoryFault {
  return new DirectoryFault('unreachable', `${url}: cannot connect`, { cause });
}

function badTls({ url }: Endpoint, cause: Error | undefined): DirectoryFault {
  const code = cause !== undefined && 'code' in cause ? String(cause.code) : '';
  return new DirectoryFault('tls', `${url}: no encrypted connection${cureOf(code)}`, { cause });
}

function cureOf(code: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return '; the certificate is for another name: use that name in urls, or set tls.serverName';
  }
  if (/SELF_SIGNED|UNABLE_TO|ISSUER/.test(code)) {
    return '; the certificate is not from a trusted authority: set tls.caFile to the certificate of the directory’s own';
  }
  if (code === 'CERT_HAS_EXPIRED') return '; the certificate has expired: renew it on the server';
  if (/UNSUPPORTED_PROTOCOL|ALERT_PROTOCOL_VERSION/.test(code)) {
    return '; the server speaks nothing newer than TLS 1.1: let it speak TLS 1.2 or newer';
  }
  return '';
}
