/**
 * Jobs of CI systems and pods of clusters, by the ID token that each of them has, sent in the password field. A token
 * of another issuer is an unknown user: the next backend for tokens is asked.
 */
import { defineBackend } from '../backend.ts';
import type { BackendTraits } from '../traits.ts';
import { isChosenName } from './claim-knowledge.ts';
import { oidcTokenConfig } from './config.ts';
import type { OidcTokenConfig } from './config.ts';
import { presetSections } from './preset-page.ts';
import { knownPreset } from './presets/index.ts';
import { configWarnings } from './warnings.ts';

const TYPE = 'oidc-token';

export const oidcToken = defineBackend({
  type: TYPE,
  schema: oidcTokenConfig,
  traits,
  pages: { presets: presetSections },
  warnings: configWarnings,
  create: async (config, deps) => (await import('./authenticator.ts')).openOidcToken(config, deps),
});

function traits(config: OidcTokenConfig): BackendTraits {
  const preset = knownPreset(config);
  return {
    names: 'exact',
    accepts: 'tokens',
    detectsUnknownUsers: true,
    canRevalidate: false,
    isAsleep: () => false,
    users: undefined,
    groups: { kind: 'any' },
    deliversValue: (placeholder) =>
      placeholder.startsWith('claim:') && !isChosenName(preset, placeholder.slice('claim:'.length)),
  };
}
