import { describe, expect, it } from 'vitest';
import { networkOf } from '../../../src/core/client-network.ts';

describe('the network of a client', () => {
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
