/**
 * Settlements that the store did not get, or may not have got. Without them, others would wait for a login that is over,
 * and an attempt that is over would count as under way. What they end is owed separately, see `owed-ends.ts`.
 */
import { PAID_AT_ONCE } from './shares.ts';
import { UNSETTLED_SECONDS } from '../../core/ledger.ts';
import type { Attempt, Flight, Settlement } from '../../core/ledger.ts';
import type { Clock } from '../../core/ports.ts';

const MOST = 10_000;
/**
 * A store that was frozen runs the commands in its buffers when it goes on, and may do so after the first release. That
 * is repeated for attempts, each time before they would count as wrong. A flight ends by itself soon.
 */
const REPEAT_MS = 5000;
const REPEATED_MS = 60_000;

/** A command that the store may run later. */
type Release = { readonly attempt: Attempt } | { readonly flight: Flight };

interface OwedRelease {
  readonly release: Release;
  dueAt: number;
  /** When the store first took it. */
  firstPaidAt: number | undefined;
}

type Settle = (settlement: Settlement) => Promise<void>;

export function createOwedSettlements(clock: Clock) {
  let owed: { readonly settlement: Settlement; readonly at: number }[] = [];
  let releases: OwedRelease[] = [];

  async function paySettlements(settle: Settle): Promise<void> {
    // What is older has come to its end in the store.
    const oldest = clock.monotonic() - UNSETTLED_SECONDS * 1000;
    owed = owed.filter(({ at }) => at > oldest);
    while (owed.length > 0) {
      const part = owed.slice(0, PAID_AT_ONCE);
      await Promise.all(part.map(({ settlement }) => settle(settlement)));
      owed.splice(0, part.length);
    }
  }

  async function payReleases(settle: Settle): Promise<void> {
    const now = clock.monotonic();
    const due = releases.filter(({ dueAt }) => dueAt <= now);
    for (let at = 0; at < due.length; at += PAID_AT_ONCE) {
      await Promise.all(due.slice(at, at + PAID_AT_ONCE).map((one) => payRelease(one, settle, now)));
    }
    releases = releases.filter(({ release, firstPaidAt }) => {
      if (firstPaidAt === undefined) return true;
      return 'attempt' in release && now - firstPaidAt < REPEATED_MS;
    });
  }

  return {
    /** The answer is not owed: a newer one may be stored meanwhile. */
    add: ({ answer: _answer, endsLoginsOf: _ends, ...settlement }: Settlement): void => {
      if (owed.length < MOST) owed.push({ settlement, at: clock.monotonic() });
    },
    /** For a command without a reply, which the store may have run, or may run later. */
    addRelease: (release: Release): void => {
      if (releases.length < MOST) releases.push({ release, dueAt: -Infinity, firstPaidAt: undefined });
    },
    /** Not for two calls at the same time. @throws what `settle` throws; then the rest is still owed */
    pay: async (settle: Settle): Promise<void> => {
      await paySettlements(settle);
      await payReleases(settle);
    },
  };
}

async function payRelease(owed: OwedRelease, settle: Settle, now: number): Promise<void> {
  await settle({ outcome: 'none', ...owed.release });
  owed.firstPaidAt ??= now;
  owed.dueAt = now + REPEAT_MS;
}
