/** Ranges of client addresses: one address, or a network as CIDR. */
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import type { ClientRange } from '../core/policy/document.ts';

const EXPECTED = 'expected an address or a CIDR, such as 10.0.0.0/8 or fd00::/8';
const BITS = { 4: 32, 6: 128 } as const;
/** IPv4-mapped IPv6 addresses (RFC 4291, section 2.5.5.2). Dual-stack sockets report IPv4 clients so. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const MAPPED_BITS = 96;

/** @returns the range; or a sentence that says what is expected */
export function parseClientRange(text: string): ClientRange | string {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if ((family !== 4 && family !== 6) || rest.length > 0 || address.includes('%')) return EXPECTED;
  if (prefix !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(prefix)) return EXPECTED;
  const bits = prefix === undefined ? BITS[family] : Number(prefix);
  if (bits > BITS[family]) return `expected a prefix of at most ${BITS[family]} bits`;
  return { text, contains: rangeTest(address, family, bits) };
}

function rangeTest(address: string, family: 4 | 6, bits: number): (address: string) => boolean {
  const list = new BlockList();
  const mapped = MAPPED.exec(address)?.[1];
  const isMapped = mapped !== undefined && bits >= MAPPED_BITS;
  if (isMapped) list.addSubnet(mapped, bits - MAPPED_BITS, 'ipv4');
  else list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  const own = isMapped ? 4 : family;
  return (client) => {
    const plain = client.replace(/%.*$/s, '');
    const ipv4 = MAPPED.exec(plain)?.[1] ?? plain;
    const kind = isIP(ipv4);
    // BlockList converts IPv4 addresses to IPv6, so that `::/0` would contain them.
    return kind === own && list.check(ipv4, kind === 4 ? 'ipv4' : 'ipv6');
  };
}

export const clientRange = z.string().transform((text, context): ClientRange => {
  const range = parseClientRange(text);
  if (typeof range !== 'string') return range;
  context.addIssue({ code: 'custom', message: range, input: text });
  return z.NEVER;
});
