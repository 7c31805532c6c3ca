/** People who sign in with a browser at an OpenID provider, by the authorization code flow (RFC 6749, section 4.1) with PKCE. */
import { defineBackend } from '../backend.ts';
import { resolveSettings } from '../oidc/client/settings.ts';
import type { BackendTraits } from '../traits.ts';
import { isAsleep } from './accounts/asleep.ts';
import { oidcSignInConfig } from './config.ts';
import type { OidcSignInConfig } from './config.ts';

const TYPE = 'oidc-sign-in';

export const oidcSignIn = defineBackend({
  type: TYPE,
  schema: oidcSignInConfig,
  traits,
  create: async (config, deps) => (await import('./authenticator.ts')).openOidcSignIn(config, deps),
});

function traits(config: OidcSignInConfig): BackendTraits {
  return {
    names: resolveSettings(config).identity.lowercase ? 'caseless' : 'exact',
    accepts: 'sign-ins',
    detectsUnknownUsers: true,
    canRevalidate: config.accounts.from !== 'backend',
    isAsleep: (account, now) => isAsleep(config, account, now),
    users: undefined,
    groups: { kind: 'any' },
    deliversValue: (placeholder) => placeholder.startsWith('claim:'),
  };
}
