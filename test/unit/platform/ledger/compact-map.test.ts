import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactMap } from '../../../../src/platform/ledger/compact-map.ts';
import type { Clock } from '../../../../src/core/ports.ts';
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

  it('has two entries for fingerprints that differ in the last of their first 16 bytes', () => {
    const { map } = setUp();
    const digest = new Uint8Array(32).fill(1);
    const withTwoAt = (index: number): string => Buffer.from(digest.with(index, 2)).toString('base64url');
    map.set(withTwoAt(15), 1, 60);
    map.set(withTwoAt(14), 2, 60);

    expect([withTwoAt(15), withTwoAt(14), withTwoAt(16)].map((key) => map.get(key))).toEqual([1, 2, undefined]);
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

  it('does what a plain map in the order of use does, for any sequence of calls', () => {
    const key = fc.integer({ min: 0, max: 60 }).map(String);
    const call = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constant('set' as const), key, fc.integer({ min: 1, max: 30 })) },
      { weight: 4, arbitrary: fc.tuple(fc.constant('get' as const), key, fc.constant(0)) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('delete' as const), key, fc.constant(0)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('wait' as const), key, fc.integer({ min: 1, max: 8 })) },
    );
    fc.assert(
      fc.property(fc.array(call, { maxLength: 400 }), (calls) => {
        const { clock, map } = setUp();
        const plain = plainMap(clock);
        for (const [value, [method, id, seconds]] of calls.entries()) {
          if (method === 'wait') clock.advance(seconds);
          if (method === 'delete') for (const each of [map, plain]) each.delete(id);
          if (method === 'get') expect(map.get(id)).toBe(plain.get(id));
          // Which expired entries still count for the size depends on the moment: here none does.
          if (method === 'set') for (const expired of plain.expired()) map.get(expired);
          if (method === 'set') for (const each of [map, plain]) each.set(id, value, seconds);
        }
        for (const id of plain.keys()) expect(map.get(id)).toBe(plain.get(id));
      }),
      { numRuns: 100 },
    );
  });
});

/** The same in the simplest form, without expired entries. */
function plainMap(clock: Clock) {
  const entries = new Map<string, { readonly value: number; readonly until: number }>();
  const expired = (): readonly string[] =>
    [...entries].filter(([, { until }]) => until <= clock.monotonic()).map(([key]) => key);
  const dropExpired = (): void => {
    for (const key of expired()) entries.delete(key);
  };
  return {
    expired,
    keys: () => [...entries.keys()],
    delete: (key: string): void => void entries.delete(key),
    get: (key: string): number | undefined => {
      dropExpired();
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set: (key: string, value: number, seconds: number): void => {
      dropExpired();
      entries.delete(key);
      if (entries.size === MAX_ENTRIES) entries.delete(entries.keys().next().value ?? '');
      entries.set(key, { value, until: clock.monotonic() + seconds * 1000 });
    },
  };
}
