import { memoryStore } from '../../../../src/platform/store/memory.ts';
import { groupOf, listableStoreContract } from '../../../contract/store.ts';
import type { Item } from '../../../contract/store.ts';

listableStoreContract('memory', async (clock) => ({
  ...memoryStore<Item>({ maxEntries: 100, clock, groupOf }),
  [Symbol.asyncDispose]: async () => undefined,
}));
