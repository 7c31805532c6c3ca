/** Users of an OpenID provider, by the password grant (RFC 6749, section 4.3). README.md describes the files. */
import { defineBackend } from '../backend.ts';
import type { BackendTraits } from '../traits.ts';
import { oidcPasswordConfig } from './config.ts';
import type { OidcPasswordConfig } from './config.ts';
import { resolveSettings } from '../oidc/client/settings.ts';

const TYPE = 'oidc-password';

export const oidcPassword = defineBackend({
  type: TYPE,
  schema: oidcPasswordConfig,
  traits,
  create: async (config, deps) => (await import('./authenticator.ts')).openOidcPassword(config, deps),
});

function traits(config: OidcPasswordConfig): BackendTraits {
  return {
    names: resolveSettings(config).identity.lowercase ? 'caseless' : 'exact',
    accepts: 'passwords',
    // RFC 6749, section 5.2, has `invalid_grant` for both.
    detectsUnknownUsers: false,
    canRevalidate: false,
    isAsleep: () => false,
    users: undefined,
    groups: { kind: 'any' },
    deliversValue: (placeholder) => placeholder.startsWith('claim:'),
  };
}
