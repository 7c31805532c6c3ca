/** The store contract in the memory of this process, bounded: the least recently used entry is dropped first. */
import type { Counters, Group, ListableStore } from '../../core/store.ts';
import type { Clock } from '../../core/ports.ts';

export interface MemoryOptions {
  readonly maxEntries: number;
  readonly clock: Clock;
}

export interface MemoryStoreOptions<Value> extends MemoryOptions {
  /** The group of an entry, which has a bound of its own; absent: only the whole store has one. */
  readonly groupOf?: (value: Value) => Group;
}

/** How full it is, for a metric. */
export interface Sized {
  /** Entries in memory, including those that expired a few seconds ago. */
  size(): number;
}

interface StoredEntry<Value> {
  readonly value: Value;
  /** Monotonic milliseconds. */
  readonly until: number;
}

export function memoryStore<Value>({
  maxEntries,
  clock,
  groupOf,
}: MemoryStoreOptions<Value>): ListableStore<Value> & Sized {
  const entries = new Map<string, StoredEntry<Value>>();
  const sweep = createSweep(entries, clock);

  function put(key: string, value: Value, ttlSeconds: number): void {
    entries.delete(key);
    entries.set(key, { value, until: clock.monotonic() + ttlSeconds * 1000 });
    sweep();
  }

  return {
    get: async (key) => {
      const entry = fresh(entries, key, clock);
      if (entry === undefined) return undefined;
      // A Map keeps the order of insertion, so an entry that is set again is the most recent.
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    put: async (key, value, ttlSeconds) => {
      put(key, value, ttlSeconds);
      if (groupOf !== undefined) dropOldestOf(groupOf(value), entries, groupOf);
      dropOldest(entries, maxEntries);
    },
    replace: async (key, value, ttlSeconds) => {
      if (fresh(entries, key, clock) === undefined) return false;
      put(key, value, ttlSeconds);
      return true;
    },
    list: async () =>
      [...entries.keys()].flatMap((key) => {
        const entry = fresh(entries, key, clock);
        return entry === undefined ? [] : [{ key, value: entry.value }];
      }),
    remove: async (key) => void entries.delete(key),
    removeAll: async (keys) =>
      keys.filter((key) => fresh(entries, key, clock) !== undefined && entries.delete(key)).length,
    size: () => entries.size,
  };
}

export function memoryCounters({ maxEntries, clock }: MemoryOptions): Counters & Sized {
  const entries = new Map<string, StoredEntry<number>>();
  const sweep = createSweep(entries, clock);
  return {
    add: async (key, amount, ttlSeconds) => {
      const entry = fresh(entries, key, clock);
      const value = Math.max(0, (entry?.value ?? 0) + amount);
      entries.delete(key);
      if (value > 0) entries.set(key, { value, until: entry?.until ?? clock.monotonic() + ttlSeconds * 1000 });
      sweep();
      dropOldest(entries, maxEntries);
      return value;
    },
    remove: async (key) => void entries.delete(key),
    size: () => entries.size,
  };
}

/** How often expired entries are dropped that nobody asks for again. One sweep costs one or two milliseconds. */
const SWEEP_MS = 10_000;

function createSweep(entries: Map<string, StoredEntry<unknown>>, clock: Clock): () => void {
  let next = clock.monotonic() + SWEEP_MS;
  return () => {
    const now = clock.monotonic();
    if (now < next) return;
    next = now + SWEEP_MS;
    for (const [key, { until }] of entries) if (until <= now) entries.delete(key);
  };
}

function fresh<Value>(
  entries: Map<string, StoredEntry<Value>>,
  key: string,
  clock: Clock,
): StoredEntry<Value> | undefined {
  const entry = entries.get(key);
  if (entry === undefined || entry.until > clock.monotonic()) return entry;
  entries.delete(key);
  return undefined;
}

function dropOldest(entries: Map<string, unknown>, maxEntries: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= maxEntries) return;
    entries.delete(key);
  }
}

function dropOldestOf<Value>(
  { name, most }: Group,
  entries: Map<string, StoredEntry<Value>>,
  groupOf: (value: Value) => Group,
): void {
  const members = [...entries].filter(([, { value }]) => groupOf(value).name === name).map(([key]) => key);
  for (const key of members.slice(0, Math.max(0, members.length - most))) entries.delete(key);
}
