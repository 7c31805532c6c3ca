/** Finds a user without a password, as `explain` needs it: the first backend that can tell and knows the name. */
import { deadlineIn } from '../core/deadline.ts';
import type { Identity } from '../core/identity.ts';
import type { Clock } from '../core/ports.ts';
import { LOGIN_BUDGET_MS } from './identify.ts';
import type { ChainedBackend } from './chain.ts';

export type LookUp =
  | { readonly kind: 'found'; readonly identity: Identity }
  /** `cannotTell`: the backends that offer no look-up and may know the user all the same. */
  | { readonly kind: 'not-found'; readonly cannotTell: readonly string[] };

/** @throws BrokerError `backend_unavailable` */
export async function lookUpUser(backends: readonly ChainedBackend[], username: string, clock: Clock): Promise<LookUp> {
  const deadline = deadlineIn(clock, LOGIN_BUDGET_MS);
  const cannotTell: string[] = [];
  for (const { authenticator, usernames } of backends) {
    // Whoever logs in with a token is in no list.
    if (authenticator.accepts === 'tokens') continue;
    if (usernames !== undefined && !usernames.some((pattern) => pattern.match(username) !== undefined)) continue;
    const identity = await authenticator.lookup?.(username, deadline);
    if (identity !== undefined) return { kind: 'found', identity };
    if (authenticator.lookup === undefined) cannotTell.push(authenticator.name);
  }
  return { kind: 'not-found', cannotTell };
}
