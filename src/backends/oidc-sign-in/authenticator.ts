/** The open backend. */
import type { Deadline } from '../../core/deadline.ts';
import type { Authenticator } from '../../core/ports.ts';
import type { BackendDeps } from '../backend.ts';
import { timeLimit } from '../http-client/time-limit.ts';
import { openProviderClient } from '../oidc/client/open-client.ts';
import type { Session } from '../oidc/client/provider.ts';
import { resolveSettings } from '../oidc/client/settings.ts';
import { openAccountSource } from './accounts/open.ts';
import type { OidcSignInConfig } from './config.ts';
import { createSignIn } from './sign-in.ts';

const TYPE = 'oidc-sign-in';
/** Seconds. The nonce and PKCE bind an ID token to its sign-in, so that its times matter little. */
const CLOCK_TOLERANCE = 60;

export async function openOidcSignIn(config: OidcSignInConfig, deps: BackendDeps): Promise<Authenticator> {
  const { name, label = name, accounts, recentSignIn, timeout: timeoutSeconds } = config;
  const { clock, log } = deps;
  const settings = resolveSettings(config);
  const client = await openProviderClient(config, settings, deps, { clockTolerance: CLOCK_TOLERANCE });
  const open = (deadline: Deadline): Promise<Session> =>
    client.provider.open(timeLimit(deadline, timeoutSeconds, 'the OpenID provider'));
  const reach = (deadline: Deadline): Promise<void> =>
    client.provider.reach(timeLimit(deadline, timeoutSeconds, 'the OpenID provider'));
  const own = openAccountSource(config, { ...deps, settings, client, open });
  const elsewhere = accounts.from === 'backend' ? { accountsAt: accounts.backend, claim: accounts.claim } : undefined;
  const offline =
    accounts.from === 'refresh-token' ? { asksConsent: accounts.consent ?? config.preset === 'generic' } : undefined;
  return {
    name,
    type: TYPE,
    accepts: 'sign-ins',
    // It is never asked: it accepts neither passwords nor tokens.
    authenticate: async () => ({ kind: 'unknown-user' }),
    signIn: createSignIn({ label, settings, client, offline, own, elsewhere, recentSignIn, open, reach, clock, log }),
    ...(own === undefined ? {} : { revalidate: own.revalidate }),
    ...(own?.clearCaches === undefined ? {} : { clearCaches: own.clearCaches }),
    probe: client.probe,
    ...client.reloading,
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
