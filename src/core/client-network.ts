/** The networks of a client, by which its attempts are counted. */

const GROUPS = 8;
/** Mapped IPv4 addresses, translated IPv4 addresses (RFC 6052) and link-local addresses: each is one client. */
const SINGLE_CLIENT = /^(?:0:0:0:0:0:ffff|64:ff9b|fe[89ab][\da-f]):/;

/** A network that a client belongs to. */
export interface ClientNetwork {
  readonly name: string;
  /** How many times the attempts of one client it may make, because more people share it. */
  readonly share: number;
}

/** IPv6: a site has a /48 or a /56, a link a /64 (RFC 6177; RFC 4291, section 2.5.4). */
const IPV6_SHARES: readonly (readonly [bits: number, share: number])[] = [
  [64, 1],
  [56, 4],
  [48, 16],
];
const GROUP_BITS = 16;
/** IPv4: an address, and the smallest block that is routed on its own, a /24. */
const IPV4_BLOCK_SHARE = 8;

/**
 * The networks of a client, the narrowest first. A client can choose any address of a narrow IPv6 network, and often any
 * narrow network of a wider one.
 */
export function networksOf(client: string): readonly [ClientNetwork, ...ClientNetwork[]] {
  const address = client.toLowerCase().replace(/%.*$/s, '');
  // A dual-stack socket reports an IPv4 address as a mapped one.
  if (address.includes('.')) return ipv4Networks(address.replace(/^::ffff:/, ''));
  const groups = groupsOf(address);
  if (groups === undefined) return [{ name: address, share: 1 }];
  const text = textOf(groups);
  if (SINGLE_CLIENT.test(text)) return [{ name: text, share: 1 }];
  const [narrowest, ...wider] = IPV6_SHARES.map(([bits, share]) => ({ name: prefixOf(groups, bits), share }));
  // The table is not empty.
  return narrowest === undefined ? [{ name: text, share: 1 }] : [narrowest, ...wider];
}

function ipv4Networks(address: string): readonly [ClientNetwork, ...ClientNetwork[]] {
  const block = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(address)?.[1];
  const own = { name: address, share: 1 };
  return block === undefined ? [own] : [own, { name: `${block}.0/24`, share: IPV4_BLOCK_SHARE }];
}

function prefixOf(groups: readonly number[], bits: number): string {
  const whole = groups.slice(0, Math.ceil(bits / GROUP_BITS));
  const rest = bits % GROUP_BITS;
  const masked = whole.map((group, index) =>
    rest > 0 && index === whole.length - 1 ? group & (0xffff << (GROUP_BITS - rest)) : group,
  );
  return `${textOf(masked)}/${bits}`;
}

function textOf(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}

/**
 * Whether an address is that of one client. A loopback address, or none, is that of a proxy on this machine, through
 * which all clients come.
 */
export function identifiesClient(client: string): boolean {
  return client !== '' && client !== '::1' && !client.startsWith('127.') && !client.startsWith('::ffff:127.');
}

/** @returns undefined when the text is not an IPv6 address of hexadecimal digits */
function groupsOf(address: string): readonly number[] | undefined {
  const [head = '', tail, ...others] = address.split('::');
  if (others.length > 0) return undefined;
  const before = numbersIn(head);
  const after = numbersIn(tail ?? '');
  const missing = GROUPS - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array<number>(missing).fill(0), ...after];
  return groups.every((group) => group <= 0xffff) ? groups : undefined;
}

function numbersIn(text: string): readonly number[] {
  return text === ''
    ? []
    : text.split(':').map((group) => (/^[\da-f]{1,4}$/.test(group) ? Number.parseInt(group, 16) : NaN));
}
