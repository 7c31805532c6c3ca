import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../../../src/platform/store/memory.ts';
import { groupOf, listableStoreContract } from '../../../contract/store.ts';
import type { Item } from '../../../contract/store.ts';
import { fixedClock } from '../../../support/fakes.ts';

listableStoreContract('memory', async (clock) => ({
  ...memoryStore<Item>({ maxEntries: 100, clock, groupOf }),
  [Symbol.asyncDispose]: async () => undefined,
}));

describe('the memory of expired entries', () => {
  it('is freed, although nobody asks for them again', async () => {
    const clock = fixedClock();
    const store = memoryStore<string>({ maxEntries: 100, clock });
    for (let n = 0; n < 20; n += 1) await store.put(`short ${n}`, 'x', 5);
    await store.put('long', 'kept', 3600);
    const before = store.size();

    clock.advance(20);
    await store.put('new', 'x', 5);

    expect([before, store.size()]).toEqual([21, 2]);
    expect(await store.get('long')).toBe('kept');
  });
});
