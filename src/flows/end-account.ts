/**
 * Ends everything that Fairlead has issued for an account: for a user who leaves, or whose computer is stolen. It does not
 * lock the account: that is done at its backend, and whoever can still log in there gets new credentials.
 */
import type { AccountChoice } from '../core/account.ts';
import { describeError } from '../core/errors.ts';
import type { RequestContext } from '../core/events.ts';

/** Who ends something, for the audit trail. */
export interface Ending {
  readonly request: RequestContext;
  /** A user name, or `operator`. */
  readonly by: string;
  /** Why, where it is not a plain request: `leaked`. */
  readonly cause?: string;
}

/** One kind of credential that an account may have. */
export interface KeptCredentials {
  /** What it is called, in the plural: `refresh tokens`. */
  readonly what: string;
  /** @returns how many have ended; 0 also where they cannot be counted */
  endOf(account: AccountChoice, ending: Ending): Promise<number>;
}

interface AccountEnd {
  /** How many have ended, by kind. */
  readonly ended: readonly { readonly what: string; readonly count: number }[];
  /** The kinds that could not be ended, each with the cause. They may still work: try again. */
  readonly failed: readonly { readonly what: string; readonly cause: string }[];
}

/** Never throws: one kind that cannot be ended leaves no other kind valid. */
type EndAccount = (account: AccountChoice, ending: Ending) => Promise<AccountEnd>;

/**
 * INVARIANT: the kinds end in their order, and each comes before those that it can make. Otherwise a session that ends last
 * could make a token after the tokens have ended.
 */
export function createEndAccount(kinds: readonly KeptCredentials[]): EndAccount {
  return async (account, ending) => {
    const ended: AccountEnd['ended'][number][] = [];
    const failed: AccountEnd['failed'][number][] = [];
    for (const { what, endOf } of kinds) {
      try {
        ended.push({ what, count: await endOf(account, ending) });
      } catch (error) {
        failed.push({ what, cause: describeError(error) });
      }
    }
    return { ended, failed };
  };
}
