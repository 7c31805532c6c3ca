/** Caches for the results of searches, with a limited lifetime and a limited size. */
import type { Clock } from '../core/ports.ts';

interface TtlCache<Value> {
  /** @returns undefined when nothing is cached; a cached value may itself be undefined */
  get(key: string): { readonly value: Value } | undefined;
  /**
   * Call it before a lookup, and store the result with the function it returns. A result from before a flush is not
   * stored: it may be older than the change because of which the operator flushed the cache.
   */
  beginLookup(): (key: string, value: Value) => void;
}

/** The caches of one backend, which are flushed together. */
export interface TtlCaches {
  /** @param seconds the lifetime of each entry */
  create<Value>(seconds: number): TtlCache<Value>;
  flush(): void;
}

interface CacheEntry {
  readonly value: unknown;
  /** `Clock.monotonic` time. */
  readonly expiresAt: number;
}

/** In each cache; the oldest entry is removed first. */
const MAX_ENTRIES = 10_000;

export function createTtlCaches(clock: Clock): TtlCaches {
  const all: Map<string, CacheEntry>[] = [];
  let generation = 0;
  return {
    create: <Value>(seconds: number): TtlCache<Value> => {
      const entries = new Map<string, CacheEntry & { readonly value: Value }>();
      all.push(entries);
      return {
        get: (key) => {
          const entry = entries.get(key);
          return entry !== undefined && entry.expiresAt > clock.monotonic() ? entry : undefined;
        },
        beginLookup: () => {
          const begunIn = generation;
          return (key, value) => {
            if (begunIn !== generation) return;
            entries.delete(key);
            entries.set(key, { value, expiresAt: clock.monotonic() + seconds * 1000 });
            for (const oldest of entries.keys()) {
              if (entries.size <= MAX_ENTRIES) break;
              entries.delete(oldest);
            }
          };
        },
      };
    },
    flush: () => {
      generation += 1;
      for (const entries of all) entries.clear();
    },
  };
}
