/**
 * The addresses at the edges of a range, inside and outside. For several ranges, the edges of all of them include an
 * address for every combination of ranges that contain a common address.
 */
import { formatAddress, parseAddress } from '../core/address.ts';

/** @param text a valid address or CIDR */
export function clientEdges(text: string): readonly string[] {
  const [written = '', prefix] = text.split('/');
  const address = parseAddress(written);
  if (address === undefined) return [];
  const { family, value } = address;
  const bits = family === 6 ? 128 : 32;
  // The prefix of an IPv4 address in IPv6 notation counts the 96 bits before it.
  const writtenBits = written.includes(':') ? 128 : 32;
  const size = 1n << BigInt(writtenBits - Number(prefix ?? writtenBits));
  const first = value - (value % size);
  return [first, first + size - 1n, first - 1n, first + size]
    .filter((edge) => edge >= 0n && edge < 1n << BigInt(bits))
    .map((edge) => formatAddress({ family, value: edge }));
}
