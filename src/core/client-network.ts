/** The network that one client controls. */

const GROUPS = 8;
/** Mapped IPv4 addresses, translated IPv4 addresses (RFC 6052) and link-local addresses: each is one client. */
const SINGLE_CLIENT = /^(?:0:0:0:0:0:ffff|64:ff9b|fe[89ab][\da-f]):/;

/**
 * One text for all addresses that one client can choose from: an IPv4 address, or the first 64 bits of an IPv6 address,
 * which precede the interface identifier (RFC 4291, section 2.5.4).
 */
export function networkOf(client: string): string {
  const address = client.toLowerCase().replace(/%.*$/s, '');
  // A dual-stack socket reports an IPv4 address as a mapped one.
  if (address.includes('.')) return address.replace(/^::ffff:/, '');
  const groups = groupsOf(address);
  if (groups === undefined) return address;
  const text = groups.map((group) => group.toString(16)).join(':');
  return SINGLE_CLIENT.test(text)
    ? text
    : groups
        .slice(0, GROUPS / 2)
        .map((group) => group.toString(16))
        .join(':');
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
