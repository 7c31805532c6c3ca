/** The address of the client comes from the peer, or from the one configured header of trusted proxies. */
import { describe, expect, it } from 'vitest';
import { ADDRESS_HEADERS, clientAddress } from '../../../src/http/client-address.ts';
import type { AddressHeader } from '../../../src/http/client-address.ts';

const PROXIES = new Set(['10.0.0.1', '10.0.0.2']);
const isTrustedProxy = (address: string | undefined): boolean => address !== undefined && PROXIES.has(address);

/** What is known of a client whose request comes from `peer` with these headers. */
function clientOf(
  header: AddressHeader,
  headers: Readonly<Record<string, string>>,
  peer: string | undefined = '10.0.0.1',
): string {
  return clientAddress({ headers, socket: { remoteAddress: peer } }, { header, isTrustedProxy });
}

describe('the client address', () => {
  it.each<[AddressHeader, string, string]>([
    ['x-forwarded-for', '192.0.2.7', '192.0.2.7'],
    ['x-forwarded-for', '198.51.100.1, 192.0.2.7', '192.0.2.7'],
    ['x-forwarded-for', '192.0.2.7, 10.0.0.2', '192.0.2.7'],
    ['x-forwarded-for', '10.0.0.2, 10.0.0.1', '10.0.0.2'],
    ['x-forwarded-for', '192.0.2.7:4711', '192.0.2.7'],
    ['x-forwarded-for', '[2001:db8::1]:4711', '2001:db8::1'],
    ['x-forwarded-for', '2001:db8::1', '2001:db8::1'],
    ['forwarded', 'for=192.0.2.7', '192.0.2.7'],
    ['forwarded', 'For="[2001:db8::1]:4711";proto=https;by=203.0.113.43', '2001:db8::1'],
    ['forwarded', 'for=198.51.100.1;host="a,b", proto=http; for=192.0.2.7', '192.0.2.7'],
    ['forwarded', 'for=192.0.2.7, for=10.0.0.2', '192.0.2.7'],
    ['forwarded', 'for="192.0.2.7:80"', '192.0.2.7'],
    ['x-real-ip', '192.0.2.7', '192.0.2.7'],
    ['x-real-ip', ' 2001:db8::1 ', '2001:db8::1'],
  ])('is read from %s: %s', (header, value, client) => {
    expect(clientOf(header, { [header]: value })).toBe(client);
  });

  it.each<[AddressHeader, string]>([
    ['x-forwarded-for', 'unknown'],
    ['x-forwarded-for', '192.0.2.7, '],
    ['x-forwarded-for', '192.0.2.7, <script>'],
    ['forwarded', 'for=unknown'],
    ['forwarded', 'for=_hidden, proto=https'],
    ['forwarded', 'for=192.0.2.7;for=192.0.2.8'],
    ['forwarded', 'by=192.0.2.7'],
    ['forwarded', '"'],
    ['x-real-ip', '192.0.2.7, 192.0.2.8'],
    // A quote that a client leaves open must not hide the address that the proxy appends.
    ['forwarded', 'for=10.0.0.1;a=", for="[2001:db8::bad]"'],
    ['forwarded', 'for=10.0.0.1;a="\\", for="[2001:db8::bad]";proto=https'],
  ])('is unreadable when the proxy reports no address in %s: %s', (header, value) => {
    expect(clientOf(header, { [header]: value })).toBe('unknown');
  });

  it.each(ADDRESS_HEADERS)('comes from %s alone, whatever the other headers have', (header) => {
    const forged = { 'x-forwarded-for': '198.51.100.9', forwarded: 'for=198.51.100.9', 'x-real-ip': '198.51.100.9' };
    const own = header === 'forwarded' ? 'for=192.0.2.7' : '192.0.2.7';

    expect(clientOf(header, { ...forged, [header]: own })).toBe('192.0.2.7');
  });

  it.each(ADDRESS_HEADERS)('is that of the peer when the proxy does not send %s', (header) => {
    const others = ADDRESS_HEADERS.filter((other) => other !== header).map(
      (other) => [other, 'for=192.0.2.7'] as const,
    );

    expect(clientOf(header, {})).toBe('10.0.0.1');
    expect(clientOf(header, Object.fromEntries(others))).toBe('10.0.0.1');
  });

  it.each(ADDRESS_HEADERS)('is that of a peer that is not trusted, whatever its %s has', (header) => {
    const value = header === 'forwarded' ? 'for=192.0.2.7' : '192.0.2.7';

    expect(clientOf(header, { [header]: value }, '203.0.113.5')).toBe('203.0.113.5');
    expect(clientOf(header, { [header]: value })).toBe('192.0.2.7');
  });

  it('is empty for a peer on a Unix socket that is not trusted', () => {
    const socket = {};

    expect(
      clientAddress({ headers: { 'x-real-ip': '192.0.2.7' }, socket }, { header: 'x-real-ip', isTrustedProxy }),
    ).toBe('');
  });
});
