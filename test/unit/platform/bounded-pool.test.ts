import { expect, it } from 'vitest';
import { createBoundedPool } from '../../../src/platform/bounded-pool.ts';

it('an object in a pool counts once, until its last use ends', () => {
  const pool = createBoundedPool(10);
  const [object, other] = [{}, {}];
  const added = [pool.add(object, () => 6), pool.add(object, () => 6), pool.add(other, () => 6)];

  pool.remove(object);
  const afterFirst = pool.add(other, () => 6);
  pool.remove(object);

  expect(added).toEqual([true, true, false]);
  expect(afterFirst).toBe(false);
  expect(pool.size()).toBe(0);
  expect(pool.add(other, () => 10)).toBe(true);
  expect(pool.add({}, () => 1)).toBe(false);
});

it('an object that is not in a pool can be removed from it without an effect', () => {
  const pool = createBoundedPool(10);
  pool.add({}, () => 4);
  pool.remove({});

  expect(pool.size()).toBe(4);
});
