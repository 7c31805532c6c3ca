/** Who stored personal tokens stand for now, as a running broker finds it out at each use; for commands. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { robotsOf } from '../config/robots-schema.ts';
import type { Caller } from '../core/identity.ts';
import { endOfPersonalToken } from '../core/personal-token.ts';
import type { Log } from '../core/ports.ts';
import type { SignedInAccounts } from '../core/signed-in-account.ts';
import type { ListedToken } from '../flows/personal-token/list.ts';
import { createIdentityOfOwner } from '../flows/personal-token/owner.ts';
import { createRobotOwners } from '../flows/personal-token/robot-owner.ts';
import { viaOf } from '../flows/personal-token/use.ts';
import { systemClock } from '../platform/clock.ts';
import { systemTimer } from '../platform/timer.ts';
import { openCommandBackends } from './command-backends.ts';

/** The caller, or why the token is refused. */
type TokenCaller =
  | { readonly caller: Caller; readonly refusal?: undefined }
  | { readonly caller?: undefined; readonly refusal: string };

interface TokenCallers extends AsyncDisposable {
  /**
   * Does not look at the networks of the token.
   *
   * @throws BrokerError `backend_unavailable` when the owner cannot be looked up
   */
  callerOf(token: ListedToken): Promise<TokenCaller>;
}

/** @throws what a backend throws that cannot be created */
export async function openTokenCallers(
  config: BrokerConfig,
  accounts: SignedInAccounts,
  log: Log,
): Promise<TokenCallers> {
  const { robots, personalTokens } = config;
  const opened = await openCommandBackends(config, accounts, log);
  const deps = { backends: opened.backends, clock: systemClock, timer: systemTimer };
  const owners = createRobotOwners({ ...deps, robots: robotsOf(robots) });
  const identityOf = createIdentityOfOwner({ ...deps, robots: owners });
  return {
    callerOf: async (token) => {
      if (personalTokens === undefined) return { refusal: 'personalTokens is not configured' };
      if (endOfPersonalToken(token, personalTokens.maxLifetime) <= systemClock.now()) {
        return { refusal: 'it is older than personalTokens.maxLifetime' };
      }
      const { identity, refusal } = await identityOf(token.owner);
      return identity === undefined ? { refusal } : { caller: { kind: 'user', identity, via: viaOf(token.id, token) } };
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
