/**
 * Attempts at an account that its entry, as it was read a moment ago, cannot tell of yet: those under way, and those
 * refused since. Without them a burst of different wrong passwords would lock an account whose entry still says that
 * none was wrong.
 */
import type { Clock } from '../../../core/ports.ts';

/** One attempt, from before it is made until it is disposed of. */
export interface Attempt extends Disposable {
  /** How many the entry does not tell of, this one included. */
  readonly unseen: number;
  /** Notes that the password is on its way: from now on the directory may count it as wrong. */
  sent(): void;
  /** Notes that it was right, which makes the directory forget the wrong ones. */
  succeeded(): void;
}

export interface UnseenAttempts {
  /**
   * @param subject the account
   * @param readAt when its entry was asked for, monotonic milliseconds
   */
  begin(subject: string, readAt: number): Attempt;
}

interface Account {
  underWay: number;
  /** When attempts ended that were not right, monotonic milliseconds. */
  failures: readonly number[];
}

/** Longer than a login takes: no entry that a login looks at was read before that. */
const KEPT_MS = 10_000;

export function createUnseenAttempts(clock: Clock): UnseenAttempts {
  // The one used last is the last, so that those that are over stand in front.
  const accounts = new Map<string, Account>();

  function forgetOld(): void {
    const past = clock.monotonic() - KEPT_MS;
    for (const [subject, { underWay, failures }] of accounts) {
      if (underWay > 0 || (failures.at(-1) ?? -Infinity) > past) return;
      accounts.delete(subject);
    }
  }

  return {
    begin: (subject, readAt) => {
      forgetOld();
      const account = accounts.get(subject) ?? { underWay: 0, failures: [] };
      accounts.delete(subject);
      accounts.set(subject, account);
      account.underWay += 1;
      account.failures = account.failures.filter((at) => at > clock.monotonic() - KEPT_MS);
      let mayCount = false;
      return {
        unseen: account.underWay + account.failures.filter((at) => at >= readAt).length,
        sent: () => {
          mayCount = true;
        },
        succeeded: () => {
          mayCount = false;
          account.failures = [];
        },
        [Symbol.dispose]: () => {
          account.underWay -= 1;
          if (mayCount) account.failures = [...account.failures, clock.monotonic()];
        },
      };
    },
  };
}
