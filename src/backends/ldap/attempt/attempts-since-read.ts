/**
 * Counts the attempts at an account that are newer than its entry: attempts under way, and attempts that failed after the
 * entry was read. Without them a burst of different wrong passwords would lock an account whose entry still shows no
 * failures. Attempts of other brokers count as well, as far as the brokers share their counts.
 */
import type { Clock, FleetAttempts } from '../../../core/ports.ts';

/** One attempt, until it is disposed of. */
export interface CountedAttempt extends Disposable {
  /**
   * How many attempts are newer than the entry, including this one. One that has just failed, or that ended at another
   * broker since this one began, may be counted here and in the entry.
   *
   * @param readAt when the entry was requested, monotonic milliseconds
   */
  sinceRead(readAt: number): number;
  /** Resolves when the attempts that began before this one are over. An entry that is read then shows them all. */
  earlierEnd(): Promise<void>;
  /** The password is sent now: from here on the attempt counts as a failure unless it succeeds. */
  sent(): void;
  /** The password was correct, so the directory resets its count of failures. */
  succeeded(): void;
}

export interface AttemptsSinceRead {
  /**
   * @param subject the account
   * @param fleet the attempts at it at all brokers; absent: there is no other broker
   */
  begin(subject: string, fleet?: FleetAttempts): CountedAttempt;
}

interface Account {
  readonly underWay: Set<Promise<void>>;
  /** When attempts failed, monotonic milliseconds. */
  failures: readonly number[];
}

/** Longer than a login takes, so every later login reads an entry that includes the failure. */
const TTL_MS = 10_000;

export function createAttemptsSinceRead(clock: Clock): AttemptsSinceRead {
  // In order of last use, so that `removeExpired` can stop early.
  const accounts = new Map<string, Account>();

  function removeExpired(): void {
    const limit = clock.monotonic() - TTL_MS;
    for (const [subject, { underWay, failures }] of accounts) {
      if (underWay.size > 0 || (failures.at(-1) ?? -Infinity) > limit) return;
      accounts.delete(subject);
    }
  }

  return {
    begin: (subject, fleet) => {
      removeExpired();
      const account = accounts.get(subject) ?? { underWay: new Set(), failures: [] };
      accounts.delete(subject);
      accounts.set(subject, account);
      const earlier = [...account.underWay];
      const { promise: over, resolve: end } = Promise.withResolvers<void>();
      account.underWay.add(over);
      const beganAt = clock.monotonic();
      account.failures = account.failures.filter((at) => at > beganAt - TTL_MS);
      const elsewhere = attemptsElsewhere(account.underWay.size, fleet);
      let countsAsFailure = false;
      return {
        sinceRead: (readAt) =>
          account.underWay.size +
          account.failures.filter((at) => at >= readAt).length +
          (readAt < beganAt ? elsewhere.counted : elsewhere.underWay),
        earlierEnd: async () => void (await Promise.all(earlier)),
        sent: () => {
          countsAsFailure = true;
        },
        succeeded: () => {
          countsAsFailure = false;
          account.failures = [];
        },
        [Symbol.dispose]: () => {
          account.underWay.delete(over);
          if (countsAsFailure) account.failures = [...account.failures, clock.monotonic()];
          end();
        },
      };
    },
  };
}

/**
 * The attempts of other brokers. The counts do not say when wrong passwords arrived, so for an entry that was read before
 * this attempt was counted all of them may be newer. An entry that is read later shows them.
 */
function attemptsElsewhere(here: number, fleet: FleetAttempts | undefined): FleetAttempts {
  const { underWay, counted } = fleet ?? { underWay: 0, counted: 0 };
  return { underWay: Math.max(0, underWay - here), counted: Math.max(0, counted - here) };
}
