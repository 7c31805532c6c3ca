/** What a search found, kept for a while: bounded, the oldest goes first. */
import type { Clock } from '../../../core/ports.ts';

export interface Recall<Value> {
  /** @returns undefined when nothing is kept; what is kept may itself say that there is nothing */
  get(key: string): { readonly value: Value } | undefined;
  put(key: string, value: Value): void;
}

/** What several searches keep, so that it can be dropped in one go. */
export interface Recalls {
  /** @param seconds how long each entry is kept */
  open<Value>(seconds: number): Recall<Value>;
  /** Drops all. What a search finds that was begun before is still put, and lives its time: flush again if in doubt. */
  forget(): void;
}

const MAX_KEPT = 10_000;

export function createRecalls(clock: Clock): Recalls {
  const all: Map<string, unknown>[] = [];
  return {
    open: <Value>(seconds: number): Recall<Value> => {
      const kept = new Map<string, { readonly value: Value; readonly until: number }>();
      all.push(kept);
      return {
        get: (key) => {
          const entry = kept.get(key);
          return entry !== undefined && entry.until > clock.monotonic() ? entry : undefined;
        },
        put: (key, value) => {
          kept.delete(key);
          kept.set(key, { value, until: clock.monotonic() + seconds * 1000 });
          for (const oldest of kept.keys()) {
            if (kept.size <= MAX_KEPT) break;
            kept.delete(oldest);
          }
        },
      };
    },
    forget: () => {
      for (const kept of all) kept.clear();
    },
  };
}
