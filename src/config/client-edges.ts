/**
 * The addresses at the edges of a range, inside and outside. For several ranges, the edges of all of them include an
 * address for every combination of ranges that contain a common address.
 */
import { isIP } from 'node:net';

/** @param text a valid address or CIDR */
export function clientEdges(text: string): readonly string[] {
  const [address = '', prefix] = text.split('/');
  const family = isIP(address) === 6 ? 6 : 4;
  const bits = family === 6 ? 128 : 32;
  const size = 1n << BigInt(bits - Number(prefix ?? bits));
  const inside = family === 6 ? parse6(address) : parse4(address);
  const first = inside - (inside % size);
  const edges = [first, first + size - 1n, first - 1n, first + size];
  const format = family === 6 ? format6 : format4;
  return edges.filter((edge) => edge >= 0n && edge < 1n << BigInt(bits)).map(format);
}

function parse4(text: string): bigint {
  return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

/** RFC 4291, section 2.2. */
function parse6(text: string): bigint {
  const end = text.slice(text.lastIndexOf(':') + 1);
  const plain = end.includes('.') ? text.slice(0, -end.length) + groupsOf4(parse4(end)) : text;
  const [before = '', after] = plain.split('::');
  const [head, tail] = [before, after ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const middle = Array.from({ length: 8 - (head?.length ?? 0) - (tail?.length ?? 0) }, () => '0');
  return [...(head ?? []), ...middle, ...(tail ?? [])].reduce((sum, part) => sum * 65_536n + BigInt(`0x${part}`), 0n);
}

/** An IPv4 address as the last two groups of an IPv6 address. */
function groupsOf4(value: bigint): string {
  return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}

function format4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
}

function format6(value: bigint): string {
  return Array.from({ length: 8 }, (_, index) => ((value >> BigInt(16 * (7 - index))) & 0xffffn).toString(16)).join(
    ':',
  );
}
