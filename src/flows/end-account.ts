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
export interface CredentialKind {
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

/** Never throws: one kind that cannot be ended leaves no other kind alive. */
export type EndAccount = (account: AccountChoice, ending: Ending) => Promise<AccountEnd>;

export function createEndAccount(kinds: readonly CredentialKind[]): EndAccount {
  return async (account, ending) => {
    const results = await Promise.allSettled(kinds.map(async (kind) => kind.endOf(account, ending)));
    const named = results.map((result, index) => ({ what: kinds[index]?.what ?? '', result }));
    return {
      ended: named.flatMap(({ what, result }) =>
        result.status === 'fulfilled' ? [{ what, count: result.value }] : [],
      ),
      failed: named.flatMap(({ what, result }) =>
        result.status === 'rejected' ? [{ what, cause: describeError(result.reason) }] : [],
      ),
    };
  };
}
