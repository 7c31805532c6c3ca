import { expect, it } from 'vitest';
import { createTtlCaches } from '../../../src/backends/ttl-cache.ts';
import { fixedClock } from '../../support/fakes.ts';

function setUp() {
  const clock = fixedClock();
  const caches = createTtlCaches(clock);
  return { clock, caches, cache: caches.create<string | undefined>(30) };
}

it('keeps a value for its lifetime', () => {
  const { clock, cache } = setUp();
  cache.beginLookup()('key', 'value');

  clock.advance(29.9);
  const before = cache.get('key');
  clock.advance(0.2);

  expect(before?.value).toBe('value');
  expect(cache.get('key')).toBeUndefined();
});

it('distinguishes a cached undefined from nothing', () => {
  const { cache } = setUp();

  cache.beginLookup()('key', undefined);

  expect(cache.get('key')).toMatchObject({ value: undefined });
  expect(cache.get('other')).toBeUndefined();
});

it('empties all caches in a flush', () => {
  const { caches, cache } = setUp();
  const second = caches.create<number>(30);
  cache.beginLookup()('key', 'value');
  second.beginLookup()('key', 2);

  caches.flush();

  expect([cache.get('key'), second.get('key')]).toEqual([undefined, undefined]);
});

it('does not store the result of a lookup that began before a flush, and stores one that began after it', () => {
  const { caches, cache } = setUp();
  const storeOld = cache.beginLookup();
  caches.flush();
  const storeNew = cache.beginLookup();

  storeOld('old', 'value');
  storeNew('new', 'value');

  expect(cache.get('old')).toBeUndefined();
  expect(cache.get('new')?.value).toBe('value');
});

it('removes the oldest of more than 10 000 entries', () => {
  const { cache } = setUp();
  const store = cache.beginLookup();

  for (let n = 0; n <= 10_000; n += 1) store(`key-${n}`, 'value');

  expect(cache.get('key-0')).toBeUndefined();
  expect(cache.get('key-1')?.value).toBe('value');
  expect(cache.get('key-10000')?.value).toBe('value');
});
