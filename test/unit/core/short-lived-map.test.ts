import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { ShortLivedMap } from '../../../src/core/short-lived-map.ts';

describe('a map for what comes and goes', () => {
  it('gives what was set last, and nothing after a deletion', () => {
    const map = new ShortLivedMap<string, { readonly n: number }>();
    const [one, two, three] = [{ n: 1 }, { n: 2 }, { n: 3 }];
    map.set('a', one);
    map.set('b', two);
    map.set('a', three);

    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([three, two, undefined]);
    expect(map.values()).toEqual([three, two]);
    map.delete('a');
    map.delete('c');
    expect([map.get('a'), map.values()]).toEqual([undefined, [two]]);
  });

  it('lets go of what was deleted, which a Map keeps until the whole heap is collected', () => {
    // V8 soon puts new objects into the old generation where those before them stayed, so the control comes second.
    expect(keptBytes(new ShortLivedMap())).toBeLessThan(1_000_000);
    expect(keptBytes(new Map())).toBeGreaterThan(1_500_000);
  });
});

interface AnyMap {
  set(key: string, value: object): unknown;
  delete(key: string): unknown;
}

/** The bytes that are left of two megabytes that went through the map, eight pieces at a time. */
function keptBytes(map: AnyMap): number {
  setFlagsFromString('--expose-gc');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the collector has no types
  const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;
  // Moves the table of the map into the old generation, as time does.
  collect();
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < 2000; n += 1) {
    map.set(`key ${n}`, { bytes: Array.from({ length: 125 }, () => n) });
    map.delete(`key ${n - 8}`);
    if (n % 100 === 0) collect({ type: 'minor' });
  }
  for (let n = 1992; n < 2000; n += 1) map.delete(`key ${n}`);
  collect({ type: 'minor' });
  return process.memoryUsage().heapUsed - before;
}
