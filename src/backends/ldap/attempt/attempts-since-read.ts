/**
 * Counts the attempts at an account that are newer than its entry: attempts under way, and attempts that failed after the
 * entry was read. Without them a burst of different wrong passwords would lock an account whose entry still shows no
 * failures.
 */
import type { Clock } from '../../../core/ports.ts';

/** One attempt, until it is disposed of. */
export interface CountedAttempt extends Disposable {
  /** How many attempts are newer than the entry, including this one. */
  readonly sinceRead: number;
  /** The password is sent now: from here on the attempt counts as a failure unless it succeeds. */
  sent(): void;
  /** The password was correct, so the directory resets its count of failures. */
  succeeded(): void;
}

export interface AttemptsSinceRead {
  /**
   * @param subject the account
   * @param readAt when the entry was requested, monotonic milliseconds
   */
  begin(subject: string, readAt: number): CountedAttempt;
}

interface Account {
  inFlight: number;
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
    for (const [subject, { inFlight, failures }] of accounts) {
      if (inFlight > 0 || (failures.at(-1) ?? -Infinity) > limit) return;
      accounts.delete(subject);
    }
  }

  return {
    begin: (subject, readAt) => {
      removeExpired();
      const account = accounts.get(subject) ?? { inFlight: 0, failures: [] };
      accounts.delete(subject);
      accounts.set(subject, account);
      account.inFlight += 1;
      account.failures = account.failures.filter((at) => at > clock.monotonic() - TTL_MS);
      let countsAsFailure = false;
      return {
        sinceRead: account.inFlight + account.failures.filter((at) => at >= readAt).length,
        sent: () => {
          countsAsFailure = true;
        },
        succeeded: () => {
          countsAsFailure = false;
          account.failures = [];
        },
        [Symbol.dispose]: () => {
          account.inFlight -= 1;
          if (countsAsFailure) account.failures = [...account.failures, clock.monotonic()];
        },
      };
    },
  };
}
