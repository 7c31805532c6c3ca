/** Compares ranges of client addresses: two networks are disjoint, or one contains the other. */
import { parseClientRange } from '../../config/client-range.ts';

const BITS = { ipv4: 32, ipv6: 128 } as const;

export function rangesOverlap(a: string, b: string): boolean {
  return holds(a, networkOf(b)) || holds(b, networkOf(a));
}

export function rangeCovers(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  // The prefix of an IPv4-mapped IPv6 address has another length.
  const isMixed = [wide, narrow].some((text) => text.includes(':') && text.includes('.'));
  return !isMixed && holds(wide, networkOf(narrow)) && bitsOf(wide) <= bitsOf(narrow);
}

function networkOf(range: string): string {
  return range.split('/')[0] ?? '';
}

function bitsOf(range: string): number {
  return Number(range.split('/')[1] ?? (range.includes(':') ? BITS.ipv6 : BITS.ipv4));
}

function holds(range: string, address: string): boolean {
  const parsed = parseClientRange(range);
  return typeof parsed !== 'string' && parsed.contains(address);
}
