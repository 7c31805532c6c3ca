/**
 * The address of the client. Behind proxies it comes from exactly one configured header: a client can send the others
 * with any content, and proxies pass on what they do not set.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** The headers that can have the address of the client. */
export const ADDRESS_HEADERS = ['x-forwarded-for', 'forwarded', 'x-real-ip'] as const;
export type AddressHeader = (typeof ADDRESS_HEADERS)[number];

export interface AddressSource {
  /** Undefined: the address of the connection, which the PROXY protocol may have set. */
  readonly header: AddressHeader | undefined;
  /** Whether a hop is a proxy whose header is trusted; a peer on a Unix socket has no address. */
  readonly isTrustedProxy: (address: string | undefined) => boolean;
}

/** In place of an address that a proxy reports and nobody can read: in no range, and counted as one client. */
export const UNREADABLE = 'unknown';

/** The request, as far as this module reads it. */
type Hop = Pick<IncomingMessage, 'headers'> & { readonly socket: { readonly remoteAddress?: string | undefined } };

/**
 * @returns the address without port and brackets; empty: the client has none; `UNREADABLE`: the proxy reports something
 *   else. No `clients` rule matches either.
 */
export function clientAddress({ headers, socket }: Hop, { header, isTrustedProxy }: AddressSource): string {
  let client = socket.remoteAddress;
  // From the nearest hop to the first one: what a trusted proxy reports is true, what is further left is a claim.
  const all = header === undefined ? [] : reportedAddresses(header, headers);
  for (const reported of all.toReversed()) {
    if (!isTrustedProxy(client)) break;
    client = plainAddress(reported);
    if (client === '') return UNREADABLE;
  }
  return client ?? '';
}

/** Each address that the header reports, the nearest last. */
function reportedAddresses(header: AddressHeader, headers: IncomingMessage['headers']): readonly string[] {
  const value = headers[header];
  const text = Array.isArray(value) ? value.join(',') : value;
  if (text === undefined) return [];
  if (header === 'forwarded') return forwardedElements(text).map(forwardedFor);
  // Several X-Real-IP headers, which are joined here, are no address.
  return header === 'x-real-ip' ? [text] : text.split(',');
}

/**
 * The elements of a Forwarded header (RFC 7239, section 4); a comma in a quoted string separates nothing.
 *
 * A quote that a client leaves open would take what the proxy appends into its string. Then no element is readable.
 */
function forwardedElements(text: string): readonly string[] {
  const elements: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (isQuoted && char === '\\') at += 1;
    else if (char === '"') isQuoted = !isQuoted;
    else if (char === ',' && !isQuoted) {
      elements.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return isQuoted ? [''] : [...elements, text.slice(start)];
}

const FOR = /(?:^|;)\s*for\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"\s]*))\s*(?=;|$)/gi;

/** @returns the `for` parameter; empty when the element has none, or several */
function forwardedFor(element: string): string {
  const [only, ...others] = [...element.matchAll(FOR)];
  return only === undefined || others.length > 0 ? '' : (only[1] ?? only[2] ?? '').replaceAll(/\\(.)/g, '$1');
}

const IN_BRACKETS = /^\[([\da-f:.]+)\](?::\d+)?$/i;
const IPV4_WITH_PORT = /^(\d+(?:\.\d+){3}):\d+$/;

/**
 * Some proxies add the port (Azure Application Gateway, IIS). `unknown` and obfuscated names (RFC 7239, section 6) are
 * no addresses.
 */
function plainAddress(text: string): string {
  const trimmed = text.trim();
  const address = IN_BRACKETS.exec(trimmed)?.[1] ?? IPV4_WITH_PORT.exec(trimmed)?.[1] ?? trimmed;
  return isIP(address) === 0 ? '' : address;
}
