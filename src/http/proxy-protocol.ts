/**
 * The PROXY protocol, versions 1 and 2 (doc/proxy-protocol.txt of HAProxy): a trusted proxy sends the address of the
 * client before the first byte of the connection, also before the TLS handshake.
 */
import type { Server } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import type { Socket } from 'node:net';
import { UNREADABLE } from './client-address.ts';
import { Peers } from './peers.ts';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const HEAD_BYTES = 16;
/** The longest line of version 1, with its end. */
const LINE_BYTES = 107;
/** Addresses and extensions of version 2. The extensions are not read. */
const MAX_BODY_BYTES = 4096;
/** Version 2: the version and the command. */
const LOCAL = 0x20;
const PROXY = 0x21;
/** Version 2: the family and the transport. */
const TCP_IPV4 = 0x11;
const TCP_IPV6 = 0x21;

interface ProxyHeader {
  /**
   * The address of the client; `UNREADABLE` where the proxy does not know it. Undefined: the connection is one of the
   * proxy itself, such as a health check, and has its address.
   */
  readonly client: string | undefined;
  /** The number of bytes of the header. */
  readonly length: number;
}

/** @returns undefined: more bytes are needed; `malformed`: this is no header */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | 'malformed' | undefined {
  const known = Math.min(bytes.length, SIGNATURE.length);
  if (bytes.subarray(0, known).equals(SIGNATURE.subarray(0, known)))
    return known < bytes.length ? binary(bytes) : undefined;
  const text = bytes.subarray(0, LINE_BYTES).toString('latin1');
  const end = text.indexOf('\r\n');
  if (end >= 0) return line(text.slice(0, end));
  const isBeginning = 'PROXY '.startsWith(text.slice(0, 6));
  return isBeginning && text.length < LINE_BYTES ? undefined : 'malformed';
}

function line(text: string): ProxyHeader | 'malformed' {
  const length = text.length + 2;
  // The specification suggests the address of the proxy. But the connection is that of a client, which must not get what
  // the proxy may have, such as the pages for operators on this machine.
  if (/^PROXY UNKNOWN(?: |$)/.test(text)) return { client: UNREADABLE, length };
  const [, family, client = ''] = /^PROXY (TCP4|TCP6) (\S+) \S+ \d{1,5} \d{1,5}$/.exec(text) ?? [];
  const isAddress = family === 'TCP4' ? isIPv4(client) : family === 'TCP6' && isIPv6(client);
  return isAddress ? { client, length } : 'malformed';
}

function binary(bytes: Buffer): ProxyHeader | 'malformed' | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const [command, family] = [bytes.readUInt8(12), bytes.readUInt8(13)];
  const size = bytes.readUInt16BE(14);
  const length = HEAD_BYTES + size;
  if ((command !== LOCAL && command !== PROXY) || size > MAX_BODY_BYTES) return 'malformed';
  if (bytes.length < length) return undefined;
  if (command === LOCAL) return { client: undefined, length };
  // As for `PROXY UNKNOWN`.
  if (family !== TCP_IPV4 && family !== TCP_IPV6) return { client: UNREADABLE, length };
  if (size < (family === TCP_IPV4 ? 12 : 36)) return 'malformed';
  const client = family === TCP_IPV4 ? [...bytes.subarray(16, 20)].join('.') : ipv6(bytes.subarray(16, 32));
  return { client, length };
}

function ipv6(bytes: Buffer): string {
  return Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(2 * group).toString(16)).join(':');
}

export type ConnectionListener = (socket: Socket) => void;

interface ProxyProtocolOptions {
  /** Whether a peer is a proxy that sends the header; a peer on a Unix socket has no address. */
  readonly isTrustedProxy: (address: string | undefined) => boolean;
  /** Milliseconds in which the header must arrive. */
  readonly timeoutMs: number;
}

/**
 * Gives each connection of a trusted proxy the address that its header reports, as `remoteAddress`. A connection
 * without a valid header is closed. The header of any other peer is no HTTP, and is refused as such.
 *
 * Call it after everything else has registered for connections, which then sees the real peer.
 *
 * @param readers the listeners for `connection` that read bytes
 */
export function readProxyHeaders(
  server: Server,
  readers: readonly ConnectionListener[],
  { isTrustedProxy, timeoutMs }: ProxyProtocolOptions,
): void {
  const clients = new Peers<string>();
  for (const reader of readers) server.removeListener('connection', reader);
  const serve = (socket: Socket): void => {
    for (const reader of readers) reader.call(server, socket);
  };
  server.on('connection', (socket: Socket) => {
    if (!isTrustedProxy(socket.remoteAddress)) return serve(socket);
    readHeader(socket, timeoutMs, (client) => {
      if (client !== undefined) {
        clients.set(socket, client);
        setAddress(socket, client);
      }
      serve(socket);
    });
  });
  // The socket of a request is the one of the TLS session.
  server.on('secureConnection', (socket: Socket) => {
    const client = clients.get(socket);
    if (client !== undefined) setAddress(socket, client);
  });
}

function setAddress(socket: Socket, client: string): void {
  Object.defineProperty(socket, 'remoteAddress', { value: client });
}

function readHeader(socket: Socket, timeoutMs: number, onClient: (client: string | undefined) => void): void {
  let bytes = Buffer.alloc(0);
  const timeout = setTimeout(() => socket.destroy(), timeoutMs).unref();
  const stop = (): void => {
    clearTimeout(timeout);
    socket.removeListener('readable', read);
  };
  const read = (): void => {
    for (let chunk: unknown = socket.read(); Buffer.isBuffer(chunk); chunk = socket.read()) {
      bytes = Buffer.concat([bytes, chunk]);
      const header = parseProxyHeader(bytes);
      if (header === undefined) continue;
      stop();
      if (header === 'malformed') return void socket.destroy();
      if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length));
      // Streams leave the mode of `readable` in the next tick.
      return process.nextTick(() => onClient(header.client));
    }
  };
  socket.on('readable', read);
  // It stays: there must be a listener until the server has added its own.
  socket.on('error', () => void socket.destroy());
  socket.once('close', stop);
}
