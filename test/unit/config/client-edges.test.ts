/** Addresses that show in which ranges an address can be. */
import { describe, expect, it } from 'vitest';
import { clientEdges } from '../../../src/config/client-edges.ts';
import { parseClientRange } from '../../../src/core/client-range.ts';

describe('the edges of a range', () => {
  it.each([
    ['10.1.2.3/16', ['10.1.0.0', '10.1.255.255', '10.0.255.255', '10.2.0.0']],
    ['192.0.2.7', ['192.0.2.7', '192.0.2.7', '192.0.2.6', '192.0.2.8']],
    ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255']],
    [
      '2001:db8::/127',
      [
        '2001:db8:0:0:0:0:0:0',
        '2001:db8:0:0:0:0:0:1',
        '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff',
        '2001:db8:0:0:0:0:0:2',
      ],
    ],
    ['::ffff:192.0.2.1', ['192.0.2.1', '192.0.2.1', '192.0.2.0', '192.0.2.2']],
    ['::ffff:c000:200/127', ['192.0.2.0', '192.0.2.1', '192.0.1.255', '192.0.2.2']],
  ])('%s are its first and last address, and their neighbours', (text, edges) => {
    expect(clientEdges(text)).toEqual(edges);
  });

  it.each(['10.1.0.0/16', '10.0.0.0/8', '2001:db8::/32', 'fd00::1', '::ffff:a00:0/104'])(
    'the first two of %s are in it, others are not',
    (text) => {
      const range = parseClientRange(text);
      if (typeof range === 'string') throw new Error(range);

      expect(clientEdges(text).map((edge) => range.contains(edge))).toEqual([true, true, false, false]);
    },
  );
});
