/**
 * Looks up the account behind a credential that Fairlead issued: a refresh token, a personal token, a session. The backend
 * of the login checks it again, so that a disabled or deleted account is refused, and the groups are the current ones.
 */
import { deadlineIn } from '../core/deadline.ts';
import type { Identity } from '../core/identity.ts';
import type { Account, AuthnOutcome, Timer } from '../core/ports.ts';
import { backendNamed, foreignName, skipReason } from './chain.ts';
import { LOGIN_BUDGET_MS, withinGrace } from './login-time.ts';
import type { Chain } from './walk-chain.ts';

export interface RevalidateDeps extends Chain {
  readonly timer: Timer;
}

interface AccountAtBackend extends Account {
  /** The configured name of the backend of the login. */
  readonly backend: string;
}

/** The identity as it is now, or why there is none, for the log. */
export type Revalidated =
  | { readonly identity: Identity; readonly refusal?: undefined; readonly isAsleep?: undefined }
  | {
      readonly identity?: undefined;
      readonly refusal: string;
      /** Whether a sign-in with a browser is enough to make the account valid again: nothing that belongs to it ends. */
      readonly isAsleep?: boolean;
    };

/** @throws BrokerError `backend_unavailable`, or what else the backend throws, when the account cannot be checked */
export async function revalidate(
  { backends, clock, timer }: RevalidateDeps,
  account: AccountAtBackend,
): Promise<Revalidated> {
  const backend = backendNamed(backends, account.backend);
  const { authenticator } = backend ?? {};
  if (
    backend === undefined ||
    authenticator?.revalidate === undefined ||
    skipReason(backend, account.login, authenticator.accepts ?? 'passwords') !== undefined
  ) {
    return { refusal: 'no configured backend can check this account' };
  }
  const deadline = deadlineIn(clock, LOGIN_BUDGET_MS);
  const outcome = await withinGrace(timer, deadline, authenticator.revalidate(account, deadline));
  if (outcome.kind !== 'authenticated') {
    const isAsleep = outcome.kind === 'rejected' && outcome.reason === 'sign-in-due';
    return { refusal: refusalOf(outcome), ...(isAsleep ? { isAsleep } : {}) };
  }
  if (outcome.identity.subject !== account.subject) return { refusal: 'the name belongs to another account' };
  const { username } = outcome.identity;
  // Elsewhere, people type a name of their own choice to log in. Here, it is the name of the account, which may be new.
  if (authenticator.accepts === 'sign-ins' && skipReason(backend, username, 'sign-ins') !== undefined)
    return { refusal: `usernames of ${account.backend} do not include ${username}` };
  const foreign = foreignName(backends, outcome.identity);
  return foreign === undefined ? { identity: outcome.identity } : { refusal: foreign };
}

function refusalOf(outcome: Exclude<AuthnOutcome, { kind: 'authenticated' }>): string {
  if (outcome.kind === 'unknown-user')
    return 'the account does not exist any more, or its name belongs to another account';
  return outcome.detail === undefined ? outcome.reason : `${outcome.reason}: ${outcome.detail}`;
}
