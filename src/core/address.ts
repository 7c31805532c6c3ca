/** IP addresses as numbers, so that all spellings of one address are equal. */

export interface Address {
  /** 4 also for an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2): a dual-stack socket reports IPv4 clients so. */
  readonly family: 4 | 6;
  /** An IPv4 address in 32 bits, an IPv6 address in 128. */
  readonly value: bigint;
}

const GROUPS = 8;
const GROUP = /^[\da-f]{1,4}$/i;
/** Without leading zeros, which some parsers take for octal digits. */
const BYTE = /^(?:0|[1-9]\d{0,2})$/;
const IPV4_BITS = 32n;
const IPV4_MASK = 0xffff_ffffn;
const MAPPED_PREFIX = 0xffffn;

/** @returns undefined when the text is not an address. The zone of an IPv6 address (`%eth0`) is ignored. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) {
    const value = parseIpv4(text);
    return value === undefined ? undefined : { family: 4, value };
  }
  const value = parseIpv6(text.replace(/%.*$/s, ''));
  if (value === undefined) return undefined;
  return value >> IPV4_BITS === MAPPED_PREFIX ? { family: 4, value: value & IPV4_MASK } : { family: 6, value };
}

/** Whether a client at this address is on the same machine. */
export function isLoopback({ family, value }: Address): boolean {
  return family === 4 ? value >> 24n === 127n : value === 1n;
}

/** The host of a URL as programs connect to it: an IPv6 address is in brackets in URLs only (RFC 3986, section 3.2.2). */
export function withoutBrackets(host: string): string {
  return host.replaceAll(/^\[|\]$/g, '');
}

/**
 * Whether a connection to this host stays on this machine.
 *
 * @param host a name or an address, as in a URL; IPv6 with or without brackets
 */
export function isLoopbackHost(host: string): boolean {
  const name = withoutBrackets(host);
  const address = parseAddress(name);
  return address === undefined ? name.toLowerCase() === 'localhost' : isLoopback(address);
}

/** Dotted decimal for IPv4; eight groups without leading zeros for IPv6. */
export function formatAddress({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
  return addressGroups(value)
    .map((group) => group.toString(16))
    .join(':');
}

/** The eight groups of 16 bits of an IPv6 address. */
export function addressGroups(value: bigint): readonly number[] {
  return Array.from({ length: GROUPS }, (_, index) => Number((value >> BigInt(16 * (GROUPS - 1 - index))) & 0xffffn));
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => BYTE.test(part) && Number(part) <= 0xff)) return undefined;
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

/** RFC 4291, section 2.2. */
function parseIpv6(text: string): bigint | undefined {
  const [before = '', after, ...others] = withoutDots(text)?.split('::') ?? [];
  if (others.length > 0) return undefined;
  const [head, tail] = [groupsIn(before), groupsIn(after ?? '')];
  const missing = GROUPS - head.length - tail.length;
  if (after === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail];
  if (!groups.every((group) => GROUP.test(group))) return undefined;
  return groups.reduce((sum, group) => sum * 0x1_0000n + BigInt(`0x${group}`), 0n);
}

/** The last 32 bits may be written as an IPv4 address. */
function withoutDots(text: string): string | undefined {
  if (!text.includes('.')) return text;
  const at = text.lastIndexOf(':') + 1;
  const value = parseIpv4(text.slice(at));
  if (value === undefined) return undefined;
  return `${text.slice(0, at)}${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}

function groupsIn(text: string): readonly string[] {
  return text === '' ? [] : text.split(':');
}
