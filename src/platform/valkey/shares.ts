/**
 * Budgets while the store is down. Each broker counts alone, and allows its share of a limit, and no more than was left
 * when the store was last asked about it.
 */
import type { Budget } from '../../core/ledger.ts';
import type { Clock } from '../../core/ports.ts';
import { expiringMap } from '../store/expiring-map.ts';
import type { RemoteReserve, WrongCount } from './ledger.ts';

const MAX_ENTRIES = 50_000;
/** A script must not keep the store busy for long. */
export const PAID_AT_ONCE = 100;
/** Only the limit of an account keeps the directory from locking it. For the others two at least: a person mistypes. */
const LEAST = { account: 1, name: 2, address: 2 } as const;

export function createShares(clock: Clock) {
  /** The last known counts. */
  const counts = expiringMap<number>({ clock, maxEntries: MAX_ENTRIES });
  /** Wrong passwords that the store does not count yet. */
  const owed = new Map<string, WrongCount>();
  let outage = 0;
  const keyOf = ({ kind, key }: Budget): string => `${kind} ${key}`;

  function owe(budget: Budget, backend: string | undefined, wrong: number): void {
    const key = keyOf(budget);
    const before = owed.get(key)?.wrong ?? 0;
    if (before > 0 || owed.size < MAX_ENTRIES) owed.set(key, { budget, backend, wrong: before + wrong });
  }

  return {
    /** Notes the counts that the store has given. */
    note: (found: RemoteReserve['counts']): void => {
      for (const [budget, count] of found) counts.set(keyOf(budget), count, budget.window);
    },
    /** A new outage begins: each broker has its share again. */
    beginOutage: (): void => {
      outage += 1;
    },
    /** @param brokers how many share the limit; infinite where that is not known */
    of: (budget: Budget, brokers: number): Budget => {
      const used = counts.get(keyOf(budget)) ?? 0;
      const share = Math.max(LEAST[budget.kind], Math.floor(budget.limit / brokers));
      const most = (limit: number, own: number): number => Math.max(0, Math.min(own, limit - used));
      const { trusted } = budget;
      return {
        ...budget,
        key: `${outage} ${budget.key}`,
        limit: most(budget.limit, share),
        // As without an outage, guesses leave an attempt to the owner.
        ...(trusted === undefined
          ? {}
          : {
              trusted: {
                ...trusted,
                limit: most(trusted.limit, Math.max(share + 1, Math.floor(trusted.limit / brokers))),
              },
            }),
      };
    },
    /** The store has cleared this budget. */
    forget: (budget: Budget): void => {
      if (budget.isClearedBySuccess) counts.delete(keyOf(budget));
    },
    owe,
    /** A successful login clears what is owed for this budget. */
    clear: (budget: Budget): void => {
      if (!budget.isClearedBySuccess) return;
      owed.delete(keyOf(budget));
      counts.delete(keyOf(budget));
    },
    /** Gives what is owed to the store. @throws what `pay` throws; then it is still owed */
    pay: async (pay: (counts: readonly WrongCount[]) => Promise<void>): Promise<void> => {
      for (;;) {
        const part = [...owed].slice(0, PAID_AT_ONCE);
        if (part.length === 0) return;
        for (const [key] of part) owed.delete(key);
        try {
          await pay(part.map(([, one]) => one));
        } catch (error) {
          for (const [, { budget, backend, wrong }] of part) owe(budget, backend, wrong);
          throw error;
        }
      }
    },
  };
}
