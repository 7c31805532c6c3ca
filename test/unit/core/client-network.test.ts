import { describe, expect, it } from 'vitest';
import { identifiesClient, networksOf } from '../../../src/core/client-network.ts';

const networkOf = (client: string): string => networksOf(client)[0].name;

describe('the narrowest network of a client', () => {
  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:1:2:3'],
    ['2001:DB8:1:2::1', '2001:0db8:0001:0002:0:0:0:9'],
    ['2001:db8::1', '2001:db8::2:0:0:1'],
    ['203.0.113.9', '::ffff:203.0.113.9'],
    ['203.0.113.9', '::ffff:cb00:7109'],
    ['203.0.113.9', '0:0:0:0:0:FFFF:203.0.113.9'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('is one for %s and %s', (one, other) => {
    expect(networkOf(one)).toBe(networkOf(other));
  });

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:3::1'],
    ['203.0.113.9', '203.0.113.8'],
    ['::ffff:203.0.113.9', '::ffff:203.0.113.8'],
    ['::ffff:cb00:7109', '::ffff:cb00:7108'],
    ['64:ff9b::cb00:7109', '64:ff9b::cb00:7108'],
    ['64:ff9b::203.0.113.9', '64:ff9b::203.0.113.8'],
    ['fe80::1', 'fe80::2'],
    ['unknown', 'hidden'],
    ['1:2', '1:3'],
    ['1::2::3', '1::2::4'],
    ['xy::1', 'xy::2'],
  ])('is another for %s and %s', (one, other) => {
    expect(networkOf(one)).not.toBe(networkOf(other));
  });
});

describe('the networks of a client', () => {
  it('of IPv6 are its /64, /56 and /48, with a larger share for each', () => {
    expect(networksOf('2001:db8:1:2ff::1')).toEqual([
      { name: '2001:db8:1:2ff/64', share: 1 },
      { name: '2001:db8:1:200/56', share: 4 },
      { name: '2001:db8:1/48', share: 16 },
    ]);
  });

  it('of IPv4 are its address and its /24', () => {
    expect(networksOf('::ffff:203.0.113.9')).toEqual([
      { name: '203.0.113.9', share: 1 },
      { name: '203.0.113.0/24', share: 8 },
    ]);
  });

  it.each(['fe80::1', '64:ff9b::cb00:7109', 'unknown'])('of %s is itself alone', (client) => {
    expect(networksOf(client)).toHaveLength(1);
  });
});

it.each(['', '127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])('the address %j identifies no client', (client) => {
  expect(identifiesClient(client)).toBe(false);
  expect(identifiesClient('192.0.2.7')).toBe(true);
});
