/** The address of a listener: `127.0.0.1:5001`, `[::1]:5001`, `localhost:5001` or `unix:/run/fairlead.sock`. */
import { isIP, isIPv6 } from 'node:net';
import { z } from 'zod';
import { MAX_PORT } from '../core/listen-address.ts';
import { isLoopbackHost } from '../core/address.ts';
import type { ListenAddress } from '../core/listen-address.ts';

const EXPECTED = 'expected HOST:PORT, such as 127.0.0.1:5001 or [::1]:5001, or unix:/path';
const TCP = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/;
/** The kernel's `sockaddr_un` holds 108 bytes with the final NUL (unix(7)). */
const MAX_SOCKET_BYTES = 107;

/** @returns the address, or a sentence that says what is expected. */
export function parseListenAddress(text: string): ListenAddress | string {
  if (text.startsWith('unix:')) return parseSocket(text.slice('unix:'.length));
  const [, ipv6, name, digits] = TCP.exec(text) ?? [];
  if (digits === undefined) return /^:\d+$/.test(text) ? `${EXPECTED}; every address is 0.0.0.0 or [::]` : EXPECTED;
  if (ipv6 !== undefined && !isIPv6(ipv6)) return EXPECTED;
  // A host of digits and dots only is a mistyped address.
  if (name !== undefined && /^[\d.]+$/.test(name) && isIP(name) === 0) return EXPECTED;
  const port = Number(digits);
  if (port > MAX_PORT) return `expected a port from 0 to ${MAX_PORT}`;
  return { host: ipv6 ?? name ?? '', port };
}

function parseSocket(path: string): ListenAddress | string {
  if (path === '') return EXPECTED;
  if (Buffer.byteLength(path) > MAX_SOCKET_BYTES) return `expected a socket path of ${MAX_SOCKET_BYTES} bytes at most`;
  return { socket: path };
}

export const listenAddress = z.string().transform((text, context): ListenAddress => {
  const address = parseListenAddress(text);
  if (typeof address !== 'string') return address;
  context.addIssue({ code: 'custom', message: address, input: text });
  return z.NEVER;
});

/** Whether only this machine can connect to it. */
export function isLocal(address: ListenAddress): boolean {
  return 'socket' in address || isLocalName(address.host);
}

/** As `isLoopbackHost`, and names under `localhost` as well, which name this machine (RFC 6761, section 6.3). */
export function isLocalName(host: string): boolean {
  return isLoopbackHost(host) || host.toLowerCase().endsWith('.localhost');
}
