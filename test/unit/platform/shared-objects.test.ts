import { expect, it } from 'vitest';
import { createSharedObjects } from '../../../src/platform/shared-objects.ts';

it('an object that is shared counts once, until its last use ends', () => {
  const shared = createSharedObjects(10);
  const [object, other] = [{}, {}];
  const added = [shared.add(object, () => 6), shared.add(object, () => 6), shared.add(other, () => 6)];

  shared.remove(object);
  const afterFirst = shared.add(other, () => 6);
  shared.remove(object);

  expect(added).toEqual([true, true, false]);
  expect(afterFirst).toBe(false);
  expect(shared.size()).toBe(0);
  expect(shared.add(other, () => 10)).toBe(true);
  expect(shared.add({}, () => 1)).toBe(false);
});

it('an object that was never added can be removed without an effect', () => {
  const shared = createSharedObjects(10);
  shared.add({}, () => 4);
  shared.remove({});

  expect(shared.size()).toBe(4);
});
