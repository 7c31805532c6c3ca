/** The store contract in this process's memory, bounded: the entry used longest ago goes first. */
import type { Counters, Group, ListableStore } from '../../core/store.ts';
import type { Clock } from '../../core/ports.ts';

export interface MemoryOptions {
  readonly maxEntries: number;
  readonly clock: Clock;
}

export interface MemoryStoreOptions<Value> extends MemoryOptions {
  /** Which entries are bounded together; absent: only all of them are. */
  readonly groupOf?: (value: Value) => Group;
}

/** How full it is, for a metric. */
export interface Sized {
  /** Entries held, those included whose time has been over for a few seconds. */
  size(): number;
}

interface Held<Value> {
  readonly value: Value;
  /** Monotonic milliseconds. */
  readonly until: number;
}

export function memoryStore<Value>({
  maxEntries,
  clock,
  groupOf,
}: MemoryStoreOptions<Value>): ListableStore<Value> & Sized {
  const held = new Map<string, Held<Value>>();
  const sweep = createSweep(held, clock);

  function put(key: string, value: Value, ttlSeconds: number): void {
    held.delete(key);
    held.set(key, { value, until: clock.monotonic() + ttlSeconds * 1000 });
    sweep();
  }

  return {
    get: async (key) => {
      const entry = fresh(held, key, clock);
      if (entry === undefined) return undefined;
      // A Map keeps the order of insertion: putting it in again makes it the youngest.
      held.delete(key);
      held.set(key, entry);
      return entry.value;
    },
    put: async (key, value, ttlSeconds) => {
      put(key, value, ttlSeconds);
      if (groupOf !== undefined) forgetOldestOf(groupOf(value), held, groupOf);
      forgetOldest(held, maxEntries);
    },
    replace: async (key, value, ttlSeconds) => {
      if (fresh(held, key, clock) === undefined) return false;
      put(key, value, ttlSeconds);
      return true;
    },
    list: async () =>
      [...held.keys()].flatMap((key) => {
        const entry = fresh(held, key, clock);
        return entry === undefined ? [] : [{ key, value: entry.value }];
      }),
    remove: async (key) => void held.delete(key),
    removeAll: async (keys) => keys.filter((key) => fresh(held, key, clock) !== undefined && held.delete(key)).length,
    size: () => held.size,
  };
}

export function memoryCounters({ maxEntries, clock }: MemoryOptions): Counters & Sized {
  const held = new Map<string, Held<number>>();
  const sweep = createSweep(held, clock);
  return {
    add: async (key, amount, ttlSeconds) => {
      const entry = fresh(held, key, clock);
      const value = Math.max(0, (entry?.value ?? 0) + amount);
      held.delete(key);
      if (value > 0) held.set(key, { value, until: entry?.until ?? clock.monotonic() + ttlSeconds * 1000 });
      sweep();
      forgetOldest(held, maxEntries);
      return value;
    },
    remove: async (key) => void held.delete(key),
    size: () => held.size,
  };
}

/** How often entries whose time is over are looked for, since nobody may ask for them again: it costs a millisecond or two. */
const SWEEP_MS = 10_000;

function createSweep(held: Map<string, Held<unknown>>, clock: Clock): () => void {
  let next = clock.monotonic() + SWEEP_MS;
  return () => {
    const now = clock.monotonic();
    if (now < next) return;
    next = now + SWEEP_MS;
    for (const [key, { until }] of held) if (until <= now) held.delete(key);
  };
}

function fresh<Value>(held: Map<string, Held<Value>>, key: string, clock: Clock): Held<Value> | undefined {
  const entry = held.get(key);
  if (entry === undefined || entry.until > clock.monotonic()) return entry;
  held.delete(key);
  return undefined;
}

function forgetOldest(held: Map<string, unknown>, maxEntries: number): void {
  for (const key of held.keys()) {
    if (held.size <= maxEntries) return;
    held.delete(key);
  }
}

function forgetOldestOf<Value>(
  { name, most }: Group,
  held: Map<string, Held<Value>>,
  groupOf: (value: Value) => Group,
): void {
  const members = [...held].filter(([, { value }]) => groupOf(value).name === name).map(([key]) => key);
  for (const key of members.slice(0, Math.max(0, members.length - most))) held.delete(key);
}
