/** A map whose entries expire, with a maximum size. */
import type { Clock } from '../../core/ports.ts';
import type { Entry } from '../../core/store.ts';

interface ExpiringMap<Value> {
  /** Counts as use. */
  get(key: string): Value | undefined;
  /** Counts as use. */
  set(key: string, value: Value, seconds: number): void;
  /** @returns whether there was an entry */
  delete(key: string): boolean;
  /** All entries; the least recently used comes first. */
  list(): readonly Entry<Value>[];
  /** Entries in memory, including those that expired a few seconds ago. */
  size(): number;
}

interface ExpiringMapOptions<Value> {
  readonly maxEntries: number;
  readonly clock: Clock;
  /**
   * How much a value is worth: of the least recently used entries the one with the lowest worth is dropped first.
   * Absent: the least recently used.
   */
  readonly worth?: (value: Value) => number;
}

interface Stored<Value> {
  readonly value: Value;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/** How often expired entries are dropped that nobody asks for again. One sweep costs one or two milliseconds. */
const SWEEP_MS = 10_000;
/** How many of the least recently used entries are compared by their worth. */
const COMPARED = 32;

export function expiringMap<Value>({ maxEntries, clock, worth }: ExpiringMapOptions<Value>): ExpiringMap<Value> {
  // A Map keeps the order of insertion, so an entry that is set again is the most recent.
  const entries = new Map<string, Stored<Value>>();
  let nextSweep = clock.monotonic() + SWEEP_MS;

  function sweep(): void {
    const now = clock.monotonic();
    if (now < nextSweep) return;
    nextSweep = now + SWEEP_MS;
    for (const [key, { until }] of entries) if (until <= now) entries.delete(key);
  }

  function fresh(key: string): Stored<Value> | undefined {
    const entry = entries.get(key);
    if (entry === undefined || entry.until > clock.monotonic()) return entry;
    entries.delete(key);
    return undefined;
  }

  function leastValuable(): string | undefined {
    let found: { readonly key: string; readonly worth: number } | undefined;
    let compared = 0;
    for (const [key, { value }] of entries) {
      const candidate = { key, worth: worth?.(value) ?? 0 };
      if (found === undefined || candidate.worth < found.worth) found = candidate;
      compared += 1;
      if (worth === undefined || compared === COMPARED) break;
    }
    return found?.key;
  }

  return {
    get: (key) => {
      const entry = fresh(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set: (key, value, seconds) => {
      entries.delete(key);
      sweep();
      while (entries.size >= maxEntries) entries.delete(leastValuable() ?? '');
      entries.set(key, { value, until: clock.monotonic() + seconds * 1000 });
    },
    delete: (key) => fresh(key) !== undefined && entries.delete(key),
    list: () =>
      [...entries.keys()].flatMap((key) => {
        const entry = fresh(key);
        return entry === undefined ? [] : [{ key, value: entry.value }];
      }),
    size: () => entries.size,
  };
}
