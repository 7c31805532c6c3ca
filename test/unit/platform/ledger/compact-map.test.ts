import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactMap } from '../../../../src/platform/ledger/compact-map.ts';
import { createFingerprint } from '../../../../src/platform/fingerprint.ts';
import { fixedClock } from '../../../support/fakes.ts';

const MAX_ENTRIES = 40;
const SWEEP_SECONDS = 10;

function setUp(options: { readonly maxEntries?: number; readonly worth?: (value: number) => number } = {}) {
  const clock = fixedClock();
  return { clock, map: compactMap<number>({ clock, maxEntries: MAX_ENTRIES, ...options }) };
}

describe('a compact map', () => {
  it('finds each of many fingerprints and other texts, and no key that was deleted', () => {
    const { map } = setUp({ maxEntries: 5000 });
    const fingerprint = createFingerprint();
    const keys = Array.from({ length: 5000 }, (_, n) => (n % 2 === 0 ? fingerprint(`${n}`) : `key ${n}`));
    for (const [n, key] of keys.entries()) map.set(key, n, 60);
    for (const key of keys.slice(0, 2500)) map.delete(key);

    expect(keys.map((key) => map.get(key))).toEqual(keys.map((_, n) => (n < 2500 ? undefined : n)));
    expect(map.size()).toBe(2500);
  });

  it('drops the least recently used entry when it is full; `get` and `set` count as use', () => {
    const { map } = setUp({ maxEntries: 3 });
    for (const key of ['a', 'b', 'c']) map.set(key, 1, 60);
    map.get('a');
    map.set('b', 2, 60);

    map.set('d', 1, 60);

    expect(['a', 'b', 'c', 'd'].map((key) => map.get(key))).toEqual([1, 2, undefined, 1]);
  });

  it('drops the entry of the lowest worth among those that were not used recently', () => {
    const { map } = setUp({ worth: (value) => value });
    map.set('precious', 9, 60);
    for (let n = 1; n < MAX_ENTRIES; n += 1) map.set(`${n}`, n === 20 ? 0 : 5, 60);

    map.set('new', 5, 60);

    expect([map.get('20'), map.get('precious'), map.get('1')]).toEqual([undefined, 9, 5]);
  });

  it('drops expired entries that nobody asks for', () => {
    const { clock, map } = setUp();
    map.set('short', 1, 1);
    map.set('long', 1, 60);
    clock.advance(SWEEP_SECONDS);

    map.set('new', 1, 60);

    expect(map.size()).toBe(2);
  });

  it('does what a Map does in the order of use, for any sequence of calls', () => {
    const key = fc.integer({ min: 0, max: 60 }).map(String);
    const call = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ method: fc.constant('set'), key, seconds: fc.integer({ min: 1, max: 30 }) }),
      },
      { weight: 4, arbitrary: fc.record({ method: fc.constant('get'), key }) },
      { weight: 2, arbitrary: fc.record({ method: fc.constant('delete'), key }) },
      { weight: 1, arbitrary: fc.record({ method: fc.constant('wait'), seconds: fc.integer({ min: 1, max: 8 }) }) },
    );
    fc.assert(
      fc.property(fc.array(call, { maxLength: 400 }), (calls) => {
        const { clock, map } = setUp();
        const model = new Map<string, { readonly value: number; readonly until: number }>();
        for (const [value, { method, key: id = '', seconds = 0 }] of (calls as readonly Call[]).entries()) {
          const known = model.get(id);
          const now = clock.monotonic();
          if (method === 'wait') clock.advance(seconds);
          if (method === 'get') {
            const isFresh = known !== undefined && known.until > now;
            expect(map.get(id)).toBe(isFresh ? known.value : undefined);
            model.delete(id);
            if (isFresh) model.set(id, known);
          }
          if (method === 'delete') {
            map.delete(id);
            model.delete(id);
          }
          if (method === 'set') {
            model.delete(id);
            // The map drops expired entries now and then; here both do so before they compare sizes.
            for (const [other, { until }] of model) {
              if (until <= now) {
                map.get(other);
                model.delete(other);
              }
            }
            if (model.size === MAX_ENTRIES) model.delete(model.keys().next().value ?? '');
            map.set(id, value, seconds);
            model.set(id, { value, until: now + seconds * 1000 });
          }
        }
        const now = clock.monotonic();
        for (const [id, { value, until }] of model) expect(map.get(id)).toBe(until > now ? value : undefined);
      }),
      { numRuns: 100 },
    );
  });
});

interface Call {
  readonly method: string;
  readonly key?: string;
  readonly seconds?: number;
}
