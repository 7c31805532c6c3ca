/** The open backend. */
import type { Authenticator } from '../../core/ports.ts';
import type { BackendDeps } from '../backend.ts';
import { openProviderClient } from '../oidc/client/open-client.ts';
import { resolveSettings } from '../oidc/client/settings.ts';
import { createOwnAccounts } from './accounts.ts';
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
  // Some commands have no records, and nobody signs in there.
  const own =
    accounts.from === 'sign-in' && deps.accounts !== undefined
      ? createOwnAccounts({ backend: name, store: deps.accounts, every: accounts.every, clock })
      : undefined;
  const elsewhere = accounts.from === 'backend' ? { accountsAt: accounts.backend, claim: accounts.claim } : undefined;
  return {
    name,
    type: TYPE,
    accepts: 'sign-ins',
    // It is never asked: it accepts neither passwords nor tokens.
    authenticate: async () => ({ kind: 'unknown-user' }),
    signIn: createSignIn({ label, settings, client, own, elsewhere, recentSignIn, timeoutSeconds, clock, log }),
    ...(own === undefined ? {} : { revalidate: own.revalidate }),
    probe: client.probe,
    ...client.reloading,
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
