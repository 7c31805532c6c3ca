/** The store contract in the memory of this process, bounded: the least recently used entry is dropped first. */
import type { Clock } from '../../core/ports.ts';
import type { Group, ListableStore } from '../../core/store.ts';
import { expiringMap } from './expiring-map.ts';

interface MemoryStoreOptions<Value> {
  readonly maxEntries: number;
  readonly clock: Clock;
  /** The group of an entry, which has a bound of its own; absent: only the whole store has one. */
  readonly groupOf?: (value: Value) => Group;
}

/** How full it is, for a metric. */
interface Sized {
  /** Entries in memory, including those that expired a few seconds ago. */
  size(): number;
}

export function memoryStore<Value>({ groupOf, ...options }: MemoryStoreOptions<Value>): ListableStore<Value> & Sized {
  const entries = expiringMap<Value>(options);

  function dropOldestOf({ name, most }: Group, group: (value: Value) => Group): void {
    const members = entries.list().filter(({ value }) => group(value).name === name);
    for (const { key } of members.slice(0, Math.max(0, members.length - most))) entries.delete(key);
  }

  return {
    get: async (key) => entries.get(key),
    put: async (key, value, ttlSeconds) => {
      entries.set(key, value, ttlSeconds);
      if (groupOf !== undefined) dropOldestOf(groupOf(value), groupOf);
    },
    replace: async (key, value, ttlSeconds) => {
      if (entries.get(key) === undefined) return false;
      entries.set(key, value, ttlSeconds);
      return true;
    },
    replaceIf: async (key, seen, value, ttlSeconds) => {
      const stored = entries.get(key);
      if (stored === undefined) return 'missing';
      if (JSON.stringify(stored) !== JSON.stringify(seen)) return 'changed';
      entries.set(key, value, ttlSeconds);
      return 'replaced';
    },
    list: async () => entries.list(),
    remove: async (key) => void entries.delete(key),
    removeAll: async (keys) => keys.filter((key) => entries.delete(key)).length,
    size: entries.size,
  };
}
