/** The networks of a client, by which its attempts are counted. */
import { addressGroups, formatAddress, isLoopback, parseAddress } from './address.ts';

/** Translated IPv4 addresses (RFC 6052) and link-local addresses: each is one client. */
const SINGLE_CLIENT = /^(?:64:ff9b|fe[89ab][\da-f]):/;

/** A network that a client belongs to. */
interface ClientNetwork {
  readonly name: string;
  /** How many times the attempts of one client it may make, because more people share it. */
  readonly share: number;
}

/** IPv6: a site has a /48 or a /56, a link a /64 (RFC 6177; RFC 4291, section 2.5.4). */
const IPV6_SHARES: readonly (readonly [bits: number, share: number])[] = [
  [56, 4],
  [48, 16],
];
const LINK_BITS = 64;
const ADDRESS_BITS = 128;
const GROUP_BITS = 16;
/** IPv4: an address, and the smallest block that is routed on its own, a /24. */
const IPV4_BLOCK_SHARE = 8;

/**
 * The networks of an address, the narrowest first: an IPv4 address and its /24, or the /64, /56 and /48 of an IPv6
 * address. A client can choose any address of its /64.
 */
export function networksOf(client: string): readonly [ClientNetwork, ...ClientNetwork[]] {
  const address = parseAddress(client);
  if (address === undefined) return [{ name: client.toLowerCase(), share: 1 }];
  const text = formatAddress(address);
  if (address.family === 4) {
    const block = formatAddress({ family: 4, value: address.value & ~0xffn });
    return [
      { name: text, share: 1 },
      { name: `${block}/24`, share: IPV4_BLOCK_SHARE },
    ];
  }
  if (SINGLE_CLIENT.test(text)) return [{ name: text, share: 1 }];
  const wider = IPV6_SHARES.map(([bits, share]) => ({ name: prefixOf(address.value, bits), share }));
  return [{ name: prefixOf(address.value, LINK_BITS), share: 1 }, ...wider];
}

/** The groups of a prefix, such as `2001:db8:0:1/64`. */
function prefixOf(value: bigint, bits: number): string {
  const free = BigInt(ADDRESS_BITS - bits);
  const groups = addressGroups((value >> free) << free).slice(0, Math.ceil(bits / GROUP_BITS));
  return `${groups.map((group) => group.toString(16)).join(':')}/${bits}`;
}

/**
 * Whether an address is that of one client. A loopback address, or none, is that of a proxy on this machine, through
 * which all clients come.
 */
export function identifiesClient(client: string): boolean {
  const address = parseAddress(client);
  return client !== '' && (address === undefined || !isLoopback(address));
}
