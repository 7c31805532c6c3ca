/** The counts of the open requests of programs. */
import { expect, it } from 'vitest';
import type { DeviceRequest } from '../../../src/core/device-request.ts';
import type { ListableStore } from '../../../src/core/ports.ts';
import { countRequests } from '../../../src/flows/device/counted-requests.ts';
import { memoryStore } from '../../../src/platform/store/memory.ts';
import { fixedClock } from '../../support/fakes.ts';

it('requests that come at the same time read the whole store once', async () => {
  const clock = fixedClock();
  const stored = memoryStore<DeviceRequest>({ clock, maxEntries: 10 });
  let reads = 0;
  const store: ListableStore<DeviceRequest> = {
    ...stored,
    list: async () => {
      reads += 1;
      return stored.list();
    },
  };
  const requests = countRequests(store, clock);

  await Promise.all([requests.open(), requests.open(), requests.open()]);
  expect(reads).toBe(1);

  clock.advance(11);
  await requests.open();
  expect(reads).toBe(2);
});
