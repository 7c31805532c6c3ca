/** The network that one client controls. */
import { addressGroups, formatAddress, parseAddress } from './address.ts';

/** Translated IPv4 addresses (RFC 6052) and link-local addresses: each is one client. */
const SINGLE_CLIENT = /^(?:64:ff9b|fe[89ab][\da-f]):/;
/** The first 64 bits. */
const NETWORK_GROUPS = 4;

/**
 * One text for all addresses that one client can choose from: an IPv4 address, or the first 64 bits of an IPv6 address,
 * which precede the interface identifier (RFC 4291, section 2.5.4).
 */
export function networkOf(client: string): string {
  const address = parseAddress(client);
  if (address === undefined) return client.toLowerCase();
  const text = formatAddress(address);
  if (address.family === 4 || SINGLE_CLIENT.test(text)) return text;
  return addressGroups(address.value)
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.toString(16))
    .join(':');
}
