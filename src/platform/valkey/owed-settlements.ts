/**
 * Settlements that the store did not get, or may not have got. Without them, others would wait for a login that is over,
 * and an attempt that is over would count as under way.
 */
import { UNSETTLED_SECONDS } from '../../core/ledger.ts';
import type { Settlement } from '../../core/ledger.ts';
import type { Clock } from '../../core/ports.ts';

const MOST = 10_000;
const PAID_AT_ONCE = 100;

export function createOwedSettlements(clock: Clock) {
  let owed: { readonly settlement: Settlement; readonly at: number }[] = [];
  return {
    /** The answer is not owed: a newer one may be stored meanwhile. */
    add: ({ answer: _answer, ...settlement }: Settlement): void => {
      if (owed.length < MOST) owed.push({ settlement, at: clock.monotonic() });
    },
    /** @throws what `settle` throws; then the rest is still owed */
    pay: async (settle: (settlement: Settlement) => Promise<void>): Promise<void> => {
      // What is older has come to its end in the store.
      const oldest = clock.monotonic() - UNSETTLED_SECONDS * 1000;
      owed = owed.filter(({ at }) => at > oldest);
      while (owed.length > 0) {
        const part = owed.slice(0, PAID_AT_ONCE);
        await Promise.all(part.map(({ settlement }) => settle(settlement)));
        owed.splice(0, part.length);
      }
    },
  };
}
