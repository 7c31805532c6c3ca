/** The store of requests, with the counts of those that are open. */
import type { DeviceRequest } from '../../core/device-request.ts';
import type { Clock, ListableStore } from '../../core/ports.ts';
import { OpenRequestIndex } from './open-requests.ts';
import type { OpenRequests } from './open-requests.ts';

export interface CountedRequests extends ListableStore<DeviceRequest> {
  /**
   * What is open. What other brokers have opened and ended is known after COUNT_SECONDS at the latest.
   *
   * @throws BrokerError `records_unavailable`
   */
  open(): Promise<OpenRequests>;
}

/** Seconds between two counts of what is stored. Other brokers that share the records change it. */
const COUNT_SECONDS = 10;

export function countRequests(store: ListableStore<DeviceRequest>, clock: Pick<Clock, 'now'>): CountedRequests {
  const index = new OpenRequestIndex();
  let countedAt = Number.NEGATIVE_INFINITY;
  /** Requests that come during a count wait for it, and do not count again. */
  let counting: Promise<void> | undefined;

  async function countStored(now: number): Promise<void> {
    const stored = await store.list();
    countedAt = now;
    index.clear();
    const oldestFirst = stored.toSorted((a, b) => a.value.expiresAt - b.value.expiresAt);
    for (const { key, value } of oldestFirst) index.note(key, value, now);
  }

  return {
    open: async () => {
      const now = clock.now();
      // A clock that was set back does not stop the counting.
      if (Math.abs(now - countedAt) >= COUNT_SECONDS) {
        counting ??= countStored(now).finally(() => (counting = undefined));
        await counting;
      }
      index.removeExpired(now);
      return index;
    },
    get: async (key) => {
      const value = await store.get(key);
      if (value === undefined) index.remove(key);
      else index.note(key, value, clock.now());
      return value;
    },
    list: () => store.list(),
    put: async (key, value, seconds) => {
      await store.put(key, value, seconds);
      index.note(key, value, clock.now());
    },
    replace: async (key, value, seconds) => {
      const isReplaced = await store.replace(key, value, seconds);
      if (isReplaced) index.note(key, value, clock.now());
      else index.remove(key);
      return isReplaced;
    },
    replaceIf: async (key, seen, value, seconds) => {
      const outcome = await store.replaceIf(key, seen, value, seconds);
      if (outcome === 'replaced') index.note(key, value, clock.now());
      if (outcome === 'missing') index.remove(key);
      return outcome;
    },
    remove: async (key) => {
      await store.remove(key);
      index.remove(key);
    },
    removeAll: async (keys) => {
      const count = await store.removeAll(keys);
      for (const key of keys) index.remove(key);
      return count;
    },
  };
}
