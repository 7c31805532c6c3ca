/** Opens the socket to a server: TCP, then TLS at once (ldaps) or after StartTLS, within one time limit. */
import { connect, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { Deadline } from '../../../core/deadline.ts';
import type { Endpoint } from './endpoint.ts';
import { DirectoryFault, lateFault } from './fault.ts';
import { startTls } from './start-tls.ts';

export interface DialOptions {
  readonly mode: 'ldaps' | 'starttls' | 'none';
  readonly tlsContext: SecureContext;
  /** The name the certificate must have; undefined: the host of the endpoint. */
  readonly serverName: string | undefined;
  /** Whether `tls.caFile` is set. Default: no. */
  readonly hasOwnAuthorities?: boolean;
  /** Milliseconds for TCP and TLS together. */
  readonly timeout: number;
}

/** Shorter than the idle timeout of load balancers and firewalls. */
const KEEP_ALIVE_MS = 30_000;

/** @throws DirectoryFault `unreachable`, `tls`, `no-answer` or `out-of-time`; the socket is closed then */
export async function dial(endpoint: Endpoint, options: DialOptions, deadline: Deadline): Promise<Socket> {
  const limit = deadline.within(options.timeout);
  const late = () => lateFault(endpoint.url, 'connecting', deadline);
  if (limit.left() === 0) throw late();
  const { host, port, path } = endpoint;
  const address = path === undefined ? { host, port, noDelay: true } : { path };
  const socket = connect({ ...address, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
  // `close` reports errors after the last wait; an error without a listener would end the process.
  socket.on('error', () => undefined);
  const timer = setTimeout(() => socket.destroy(late()), limit.left());
  try {
    await waitForEvent(socket, 'connect', (cause) => unreachable(endpoint, cause));
    if (options.mode === 'none') return socket;
    if (options.mode === 'starttls') await startTls(socket, endpoint);
    return await encrypt(socket, endpoint, options);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A sentence about the server's certificate; undefined without TLS. */
export function describeCertificate(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { subject, valid_to: validTo } = socket.getPeerCertificate();
  return `${socket.getProtocol() ?? 'TLS'}, the certificate of ${[subject?.CN ?? 'no name'].flat().join(' ')} is valid until ${validTo}`;
}

async function encrypt(socket: Socket, endpoint: Endpoint, options: DialOptions): Promise<Socket> {
  // A DNS name is verified and sent without the dot of the root (RFC 6066, section 3).
  const host = (options.serverName ?? endpoint.host).replace(/\.$/, '');
  const encrypted = connectTls({
    socket,
    // The certificate is verified for `host`. `servername` is sent to the server (SNI), where addresses are forbidden.
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    secureContext: options.tlsContext,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
  });
  encrypted.on('error', () => undefined);
  // The timer of `dial` destroys the TCP socket; this passes its fault on to the TLS socket.
  const closeBoth = (): void => void encrypted.destroy(socket.errored ?? undefined);
  socket.once('close', closeBoth);
  try {
    await waitForEvent(encrypted, 'secureConnect', (cause) =>
      tlsFailed(endpoint, cause, options.hasOwnAuthorities === true),
    );
    return encrypted;
  } catch (error) {
    encrypted.destroy();
    throw error;
  } finally {
    socket.removeListener('close', closeBoth);
  }
}

async function waitForEvent(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  faultOf: (cause: Error | undefined) => DirectoryFault,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onError = (error?: Error): void => reject(error instanceof DirectoryFault ? error : faultOf(error));
  const onClose = (): void => onError(socket.errored ?? undefined);
  socket.once(event, resolve);
  socket.once('error', onError);
  socket.once('close', onClose);
  try {
    await promise;
  } finally {
    socket.removeListener(event, resolve);
    socket.removeListener('error', onError);
    socket.removeListener('close', onClose);
  }
}

function unreachable({ url }: Endpoint, cause: Error | undefined): DirectoryFault {
  return new DirectoryFault('unreachable', `${url}: cannot connect`, { cause });
}

function tlsFailed({ url }: Endpoint, cause: Error | undefined, hasOwnAuthorities: boolean): DirectoryFault {
  const code = cause !== undefined && 'code' in cause ? String(cause.code) : '';
  return new DirectoryFault('tls', `${url}: no encrypted connection${adviceFor(code, hasOwnAuthorities)}`, {
    cause: cause === undefined ? undefined : withoutHint(cause),
  });
}

/** Node advises another option of Node, which Fairlead does not use. */
function withoutHint(cause: Error): Error {
  const at = cause.message.indexOf('; if the root CA is installed locally');
  if (at !== -1) cause.message = cause.message.slice(0, at);
  return cause;
}

function adviceFor(code: string, hasOwnAuthorities: boolean): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return '; the certificate is for another name: use that name in urls, or set tls.serverName';
  }
  if (/SELF_SIGNED|UNABLE_TO|ISSUER/.test(code)) {
    return hasOwnAuthorities
      ? '; tls.caFile does not have the authority that issued the certificate of the server: add its certificate to the file, and that of an intermediate authority which the server does not send'
      : '; the certificate is not from a trusted authority: set tls.caFile to a file with the certificate of the authority that issued it';
  }
  if (code === 'CERT_HAS_EXPIRED') return '; the certificate has expired: renew it on the server';
  if (/UNSUPPORTED_PROTOCOL|ALERT_PROTOCOL_VERSION/.test(code)) {
    return '; the server supports nothing newer than TLS 1.1: enable TLS 1.2 or newer on the server';
  }
  return '';
}
