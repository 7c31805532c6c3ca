/** Finds a user without a password, for `explain`. */
import type { Identity } from '../core/identity.ts';
import { looksLikeRobot } from '../core/robot-name.ts';
import { walkChain } from './walk-chain.ts';
import type { Chain } from './walk-chain.ts';

type LookUp =
  | { readonly kind: 'found'; readonly identity: Identity }
  /** `withoutLookUp`: the backends that may know the user, but cannot find one without a password. */
  | { readonly kind: 'not-found'; readonly withoutLookUp: readonly string[] };

/** @throws BrokerError `backend_unavailable` */
export async function lookUpUser(chain: Chain, username: string): Promise<LookUp> {
  const withoutLookUp: string[] = [];
  const identity = await walkChain(
    chain,
    // Backends for tokens have no list of users.
    { username, method: 'passwords' },
    {
      ask: async (authenticator, deadline) => {
        if (authenticator.lookup === undefined) withoutLookUp.push(authenticator.name);
        const found = await authenticator.lookup?.(username, deadline);
        // Nobody can log in under such a name, see `foreignName`.
        return found === undefined || looksLikeRobot(found.username) ? undefined : found;
      },
    },
  );
  return identity === undefined ? { kind: 'not-found', withoutLookUp } : { kind: 'found', identity };
}
