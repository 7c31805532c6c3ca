import { describe, expect, it } from 'vitest';
import { createRing } from '../../../src/platform/ring.ts';

function ringOf(...entries: readonly string[]) {
  const ring = createRing<string>(3);
  for (const entry of entries) ring.add(entry);
  return ring;
}

describe('a ring of entries', () => {
  it.each([
    { added: [], latestFirst: [] },
    { added: ['a', 'b'], latestFirst: ['b', 'a'] },
    { added: ['a', 'b', 'c'], latestFirst: ['c', 'b', 'a'] },
    { added: ['a', 'b', 'c', 'd', 'e'], latestFirst: ['e', 'd', 'c'] },
  ])('has the last three of $added, the latest first', ({ added, latestFirst }) => {
    const ring = ringOf(...added);

    expect([...ring.latestFirst()]).toEqual(latestFirst);
    expect(ring.count()).toBe(latestFirst.length);
  });

  it('begins anew when it is cleared', () => {
    const ring = ringOf('a', 'b', 'c', 'd');

    ring.clear();
    ring.add('e');

    expect([...ring.latestFirst()]).toEqual(['e']);
  });
});
