/** Which requests count as coming from this machine. */
import { describe, expect, it } from 'vitest';
import { mayRead } from '../../../src/http/operator-page.ts';

const from = (remoteAddress: string | undefined, headers = {}) => ({ socket: { remoteAddress }, headers });

describe('the pages for operators', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1', '::FFFF:127.0.0.1'])(
    'are served to the loopback address %s',
    (address) => {
      expect(mayRead('loopback', from(address))).toBe(true);
    },
  );

  it.each([
    ['another address', '10.0.0.1'],
    ['another IPv6 address', '2001:db8::1'],
    ['an IPv4 address in IPv6', '::ffff:10.0.0.1'],
    ['an address that begins like loopback', '127.example.com'],
    ['a Unix socket', undefined],
  ])('are not served to %s', (_what, address) => {
    expect(mayRead('loopback', from(address))).toBe(false);
  });

  it('are served to any client on the admin listener, and to none where there is an admin listener', () => {
    const proxied = from('10.0.0.1', { 'x-forwarded-for': '10.0.0.2' });

    expect(mayRead('anyone', proxied)).toBe(true);
    expect(mayRead('nobody', from('127.0.0.1'))).toBe(false);
  });

  it('are not served when a loopback address has an empty forwarding header', () => {
    expect(mayRead('loopback', from('127.0.0.1', { 'x-forwarded-for': '' }))).toBe(false);
  });
});
