/**
 * Successful logins that the store has given a moment ago. It saves a round trip for the many requests of one pull. What
 * another broker ends takes effect after its time at the latest, and at once when the epoch is known.
 */
import type { Recalled } from '../../core/ledger.ts';
import type { Clock } from '../../core/ports.ts';
import { expiringMap } from '../store/expiring-map.ts';

type RecalledSuccess = Extract<Recalled, { readonly kind: 'success' }>;

interface Entry {
  readonly recalled: RecalledSuccess;
  readonly account: string;
  /** The newest epoch when the store was asked. */
  readonly epoch: number;
}

/** The longest time for which a login is answered without the store, in seconds. */
export const ANSWER_CACHE_SECONDS = 1;
const MAX_ENTRIES = 10_000;

export function createAnswerCache(clock: Clock, currentEpoch: () => number) {
  const entries = expiringMap<Entry>({ clock, maxEntries: MAX_ENTRIES });
  const latest = expiringMap<string>({ clock, maxEntries: MAX_ENTRIES });
  return {
    get: (login: string): RecalledSuccess | undefined => {
      const entry = entries.get(login);
      if (entry === undefined || entry.epoch !== currentEpoch() || latest.get(entry.account) !== login)
        return undefined;
      return entry.recalled;
    },
    /** @param freshSeconds how long the store would give it */
    set: (login: string, entry: Entry, freshSeconds: number): void => {
      const seconds = Math.min(ANSWER_CACHE_SECONDS, freshSeconds);
      entries.set(login, entry, seconds);
      latest.set(entry.account, login, seconds);
    },
    /** The logins of an account end. */
    deleteAccount: (account: string): void => void latest.delete(account),
  };
}
