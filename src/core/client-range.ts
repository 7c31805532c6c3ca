/** Ranges of client addresses: one address, or a network as CIDR. */
import { parseAddress } from './address.ts';
import type { Address } from './address.ts';
import type { ClientRange } from './policy/document.ts';

const EXPECTED = 'expected an address or a CIDR, such as 10.0.0.0/8 or fd00::/8';
const BITS = { 4: 32, 6: 128 } as const;
/** The bits before the IPv4 address in an IPv4-mapped address (RFC 4291, section 2.5.5.2). */
const MAPPED_BITS = 96;

interface Network {
  readonly family: Address['family'];
  /** The address without the bits that do not matter. */
  readonly value: bigint;
  /** The number of bits at the end that do not matter. */
  readonly freeBits: number;
}

/** @returns the range; or a sentence that says what is expected */
export function parseClientRange(text: string): ClientRange | string {
  const network = parseNetwork(text);
  return typeof network === 'string' ? network : { text, contains: (client) => holds(network, client) };
}

/** Whether every address of `narrow` is in `wide`. Texts that are no ranges cover nothing. */
export function rangeCovers(wide: string, narrow: string): boolean {
  const [outer, inner] = [parseNetwork(wide), parseNetwork(narrow)];
  if (typeof outer === 'string' || typeof inner === 'string' || outer.family !== inner.family) return false;
  const extraBits = outer.freeBits - inner.freeBits;
  return extraBits >= 0 && inner.value >> BigInt(extraBits) === outer.value;
}

/** Two networks are disjoint, or one contains the other. */
export function rangesOverlap(a: string, b: string): boolean {
  return rangeCovers(a, b) || rangeCovers(b, a);
}

function parseNetwork(text: string): Network | string {
  const [written = '', prefix, ...rest] = text.split('/');
  const address = parseAddress(written);
  if (address === undefined || rest.length > 0 || written.includes('%')) return EXPECTED;
  if (prefix !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(prefix)) return EXPECTED;
  const writtenBits = BITS[written.includes(':') ? 6 : 4];
  const bits = prefix === undefined ? writtenBits : Number(prefix);
  if (bits > writtenBits) return `expected a prefix of at most ${writtenBits} bits`;
  const outside = writtenBits - BITS[address.family];
  if (bits < outside) return `expected a prefix of at least ${MAPPED_BITS} bits for an IPv4 address in IPv6 notation`;
  const freeBits = writtenBits - bits;
  return { family: address.family, value: address.value >> BigInt(freeBits), freeBits };
}

function holds({ family, value, freeBits }: Network, client: string): boolean {
  const address = parseAddress(client);
  // IPv6 ranges do not contain IPv4 addresses: `::/0` is every IPv6 address.
  return address !== undefined && address.family === family && address.value >> BigInt(freeBits) === value;
}
