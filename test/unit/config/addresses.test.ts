import { assert, ipV4, ipV6, nat, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseClientRange, rangeCovers, rangesOverlap } from '../../../src/core/client-range.ts';
import { parseAddress } from '../../../src/core/address.ts';
import { isLocal, parseListenAddress } from '../../../src/config/listen-address.ts';
import { parsePublicUrl } from '../../../src/config/public-url.ts';

describe('parseListenAddress', () => {
  it.each([
    ['127.0.0.1:5001', { host: '127.0.0.1', port: 5001 }, true],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }, false],
    ['localhost:65535', { host: 'localhost', port: 65_535 }, true],
    ['auth.example.com:443', { host: 'auth.example.com', port: 443 }, false],
    ['[::1]:5001', { host: '::1', port: 5001 }, true],
    ['[::]:5001', { host: '::', port: 5001 }, false],
    ['unix:/run/fairlead.sock', { socket: '/run/fairlead.sock' }, true],
    ['unix:a b.sock', { socket: 'a b.sock' }, true],
  ])('reads the address %s', (text, expected, local) => {
    const address = parseListenAddress(text);

    expect(address).toEqual(expected);
    expect(typeof address !== 'string' && isLocal(address)).toBe(local);
  });

  it.each([
    '',
    '5001',
    ':5001',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '127.0.0.1:5001/',
    '256.0.0.1:5001',
    '1.2.3:5001',
    '::1:5001',
    '[127.0.0.1]:5001',
    '[::g]:5001',
    'http://127.0.0.1:5001',
    'a b:1',
    'unix:',
    `unix:/${'x'.repeat(107)}`,
  ])('refuses %j', (text) => {
    expect(parseListenAddress(text)).toMatch(/^expected /);
  });
});

describe('parseClientRange', () => {
  const contains = (range: string, address: string): boolean => {
    const parsed = parseClientRange(range);
    if (typeof parsed === 'string') throw new Error(parsed);
    return parsed.contains(address);
  };

  it.each([
    ['10.0.0.0/8', '10.255.0.1', '11.0.0.1'],
    ['10.1.2.3', '10.1.2.3', '10.1.2.4'],
    ['10.0.0.0/8', '::ffff:10.1.1.1', '::ffff:11.1.1.1'],
    ['::ffff:10.0.0.0/104', '10.1.1.1', '11.1.1.1'],
    ['::ffff:10.1.1.1', '::ffff:10.1.1.1', '10.1.1.2'],
    ['fd00::/8', 'fd12::1', 'fe80::1'],
    ['fe80::/10', 'fe80::1%eth0', 'fd00::1'],
    ['0.0.0.0/0', '203.0.113.9', '2001:db8::1'],
    ['::/0', '2001:db8::1', '203.0.113.9'],
  ])('%s contains %s but not %s', (range, inside, outside) => {
    expect(contains(range, inside)).toBe(true);
    expect(contains(range, outside)).toBe(false);
  });

  it.each(['10.0.0.0/8', '::ffff:10.0.0.0/104', '::ffff:a00:0/104', '0:0:0:0:0:FFFF:a00:0/104'])(
    'the range %s contains every spelling of its addresses, and no spelling of others',
    (range) => {
      const spellings = (last: string, hex: string) => [
        `${last}.1.2.3`,
        `::ffff:${last}.1.2.3`,
        `::FFFF:${last}.1.2.3`,
        `::ffff:${hex}01:203`,
        `0:0:0:0:0:ffff:${last}.1.2.3`,
        `0000:0000:0000:0000:0000:ffff:${hex}01:0203`,
        `::ffff:${hex}01:203%eth0`,
      ];
      expect(spellings('10', '0a').filter((address) => !contains(range, address))).toEqual([]);
      expect(spellings('11', '0b').filter((address) => contains(range, address))).toEqual([]);
    },
  );

  it('a network may be written with the address of a member', () => {
    expect(contains('10.9.9.9/8', '10.0.0.1')).toBe(true);
    expect(contains('10.9.9.9/8', '11.0.0.1')).toBe(false);
  });

  it('contains its own address with any prefix', () => {
    assert(property(ipV4(), nat(32), (address, bits) => contains(`${address}/${bits}`, address)));
    // A mapped address needs the 96 bits before its IPv4 address.
    const plain = ipV6().filter((address) => parseAddress(address)?.family === 6);
    assert(property(plain, nat(128), (address, bits) => contains(`${address}/${bits}`, address)));
    assert(property(ipV4(), nat(32), (address, bits) => contains(`::ffff:${address}/${96 + bits}`, address)));
  });

  it('contains the addresses that IPv4 arithmetic gives', () => {
    const number = (address: string): bigint => address.split('.').reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    assert(
      property(ipV4(), ipV4(), nat(32), (network, address, bits) => {
        const shift = BigInt(32 - bits);
        const same = number(network) >> shift === number(address) >> shift;
        return contains(`${network}/${bits}`, address) === same;
      }),
    );
  });

  it.each(['', 'unknown', 'unix:', '10.0.0', '10.0.0.1:80', '[::1]'])(
    'holds no address that is none: %j',
    (address) => {
      expect(contains('0.0.0.0/0', address)).toBe(false);
      expect(contains('::/0', address)).toBe(false);
    },
  );

  it.each([
    '',
    'x',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    '10.0.0/8',
    'fd00::/129',
    'fe80::1%eth0',
    '10.0.0.0/-1',
    '::ffff:10.0.0.0/95',
    '::ffff:a00:0/8',
    '010.0.0.1',
  ])('refuses the range %j', (text) => {
    expect(parseClientRange(text)).toMatch(/^expected /);
  });
});

describe('two ranges', () => {
  it.each([
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.0.0.0/8', '::ffff:a01:0/112', true],
    ['::ffff:a00:0/104', '10.1.2.3', true],
    ['10.0.0.0/8', '::ffff:a00:0/100', false],
    ['10.1.0.0/16', '10.0.0.0/8', false],
    ['::/0', '10.0.0.0/8', false],
    ['fd00::/8', 'fd12::/16', true],
    ['10.0.0.0/8', 'anything', false],
  ])('%s covers %s: %s, in whichever spelling', (wide, narrow, expected) => {
    expect(rangeCovers(wide, narrow)).toBe(expected);
  });

  it('overlap when one contains the other', () => {
    expect(rangesOverlap('10.1.0.0/16', '::ffff:10.0.0.0/104')).toBe(true);
    expect(rangesOverlap('10.1.0.0/16', '10.2.0.0/16')).toBe(false);
  });
});

describe('parsePublicUrl', () => {
  it.each(['http://localhost:5001', 'https://auth.example.com', 'https://auth.example.com/fairlead/'])(
    'takes %s',
    (text) => {
      expect(parsePublicUrl(text)).toBeInstanceOf(URL);
    },
  );

  it.each([
    '',
    'localhost:5001',
    'ftp://a',
    'https://a/?',
    'https://a/?b=c',
    'https://a/#b',
    'https://u:p@a/',
    'https://',
  ])('refuses %j', (text) => {
    expect(parsePublicUrl(text)).toMatch(/^expected an http or https URL/);
  });
});
