/**
 * Ends everything that Fairlead has issued for an account: for a user who leaves, or whose computer is stolen. It does not
 * lock the account: that is done at its backend, and whoever can still log in there gets new credentials.
 */
import type { AccountChoice } from '../core/account.ts';
import { describeError } from '../core/errors.ts';
import type { RequestContext } from '../core/events.ts';
import { lookUpUser } from './look-up-user.ts';
import type { Chain } from './walk-chain.ts';

/** Who ends something, for the audit trail. */
export interface Ending {
  readonly request: RequestContext;
  /** A user name, or `operator`. */
  readonly by: string;
  /** Why, where it is not a plain request: `leaked`. */
  readonly cause?: string;
}

/** One kind of credential that an account may have. */
export interface EndableCredentials {
  /** What it is called, in the plural: `refresh tokens`. */
  readonly what: string;
  /** @returns how many have ended; 0 also where they cannot be counted */
  endOf(account: AccountChoice, ending: Ending): Promise<number>;
}

export interface AccountEnd {
  /** How many have ended, by kind. */
  readonly ended: readonly { readonly what: string; readonly count: number }[];
  /** The kinds that could not be ended, each with the cause. They may still work: try again. */
  readonly failed: readonly { readonly what: string; readonly cause: string }[];
}

/** Never throws: one kind that cannot be ended leaves no other kind valid. */
type EndAccount = (account: AccountChoice, ending: Ending) => Promise<AccountEnd>;

/**
 * Finds the account that a name means now; undefined: no backend knows one.
 *
 * @throws BrokerError `backend_unavailable`
 */
type FindAccount = (name: string, backend: string | undefined) => Promise<AccountChoice | undefined>;

/**
 * Ends what was issued under the name, and then what was issued to the same account under another name or spelling: users
 * are renamed, and directories ignore case.
 *
 * @param find absent: names mean what was issued under them, and nothing else
 */
export function createEndAccount(kinds: readonly EndableCredentials[], find?: FindAccount): EndAccount {
  return async (choice, ending) => {
    const named = await endInOrder(kinds, choice, ending);
    if (find === undefined || 'subject' in choice) return named;
    try {
      const account = await find(choice.user, choice.backend);
      return account === undefined ? named : merged(named, await endInOrder(kinds, account, ending));
    } catch (error) {
      return { ...named, failed: [...named.failed, { what: OTHER_NAMES, cause: describeError(error) }] };
    }
  };
}

const OTHER_NAMES = 'what the account has under other names';

/**
 * INVARIANT: the kinds end in their order, and each comes before those that it can make. Otherwise a session that ends last
 * could make a token after the tokens have ended.
 */
async function endInOrder(
  kinds: readonly EndableCredentials[],
  account: AccountChoice,
  ending: Ending,
): Promise<AccountEnd> {
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
}

/** A kind that failed once is reported as failed, because something of it may still work. */
function merged(first: AccountEnd, second: AccountEnd): AccountEnd {
  const failed = [
    ...first.failed,
    ...second.failed.filter(({ what }) => !first.failed.some((one) => one.what === what)),
  ];
  const counts = new Map<string, number>();
  for (const { what, count } of [...first.ended, ...second.ended]) counts.set(what, (counts.get(what) ?? 0) + count);
  for (const { what } of failed) counts.delete(what);
  return { ended: [...counts].map(([what, count]) => ({ what, count })), failed };
}

/** The account that a name means at the backends of a running broker. */
export function accountFinder(chain: Chain): FindAccount {
  return async (name, only) => {
    const backends = chain.backends.filter(({ authenticator }) => only === undefined || authenticator.name === only);
    const found = await lookUpUser({ ...chain, backends }, name);
    if (found.kind === 'not-found') return undefined;
    const { backend, subject, username } = found.identity;
    return subject === undefined ? { user: username, backend } : { backend, subject };
  };
}
