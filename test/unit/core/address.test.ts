import { assert, ipV4, ipV6, property } from 'fast-check';
import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import { formatAddress, isLoopback, isLoopbackHost, parseAddress } from '../../../src/core/address.ts';

describe('a host', () => {
  it.each(['localhost', 'LocalHost', '127.0.0.1', '127.9.9.9', '::1', '[::1]', '::ffff:127.0.0.1'])(
    '%s is on this machine',
    (host) => {
      expect(isLoopbackHost(host)).toBe(true);
    },
  );

  it.each([
    '',
    'localhost.example.com',
    'ldap.localhost',
    '128.0.0.1',
    '127.999.1.1',
    '127.0.0.1.example.com',
    '[::2]',
  ])('%j is not known to be on this machine', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});

describe('an address', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::1%lo'])(
    '%s is on the same machine',
    (text) => {
      const address = parseAddress(text);
      expect(address !== undefined && isLoopback(address)).toBe(true);
    },
  );

  it.each(['128.0.0.1', '::2', '::ffff:8000:1', '::7f00:1', '::'])('%s is on another machine', (text) => {
    const address = parseAddress(text);
    expect(address !== undefined && isLoopback(address)).toBe(false);
  });

  it.each(['', 'x', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.4:80', '[::1]', '1:2', '1::2::3', ':::'])(
    '%j is none',
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );

  it('has one value, however it is written', () => {
    assert(
      property(ipV4(), (text) => {
        const address = parseAddress(text);
        expect(parseAddress(`::ffff:${text}`)).toEqual(address);
        expect(address === undefined ? '' : formatAddress(address)).toBe(text);
      }),
    );
    assert(
      property(ipV6(), (text) => {
        const address = parseAddress(text);
        expect(isIP(text)).toBe(6);
        expect(address).toBeDefined();
        if (address !== undefined) expect(parseAddress(formatAddress(address))).toEqual(address);
      }),
    );
  });
});
