/** The configuration with the defaults of its preset. */
import { parseClaimPath } from '../claim-path.ts';
import { parsedOrThrow } from '../../fields.ts';
import type { ClaimsFrom } from './claim-sources.ts';
import type { ProviderConfig } from './provider-config.ts';
import { parseGroupPath } from './group-path.ts';
import type { ClaimRules } from './identity.ts';
import { PRESETS } from './presets.ts';
import type { RefusalRules } from './verdict.ts';

export interface Settings {
  readonly scope: string;
  readonly claimsFrom: ClaimsFrom;
  readonly identity: ClaimRules;
  readonly refusals: RefusalRules;
  /** Where Microsoft Graph is; undefined: it is not asked. */
  readonly graphUrl: string | undefined;
  readonly assertionAudience: 'issuer' | 'token-endpoint';
}

type Configured = Pick<ProviderConfig, 'name' | 'client' | 'preset' | 'scope' | 'claims' | 'lowercase'> & {
  /** Of the password grant: statuses that mean a wrong password. */
  readonly deniedStatus?: readonly number[] | undefined;
};

export function resolveSettings({ name, client, preset: presetName, claims, ...config }: Configured): Settings {
  const preset = PRESETS[presetName];
  return {
    scope: config.scope ?? preset.scope,
    claimsFrom: claims.from === undefined ? preset.claimsFrom : sourcesNamed(claims.from),
    identity: {
      backend: name,
      username: claims.username ?? parsedOrThrow(parseClaimPath(preset.username)),
      groups: claims.groups ?? preset.groups.map((text) => parsedOrThrow(parseGroupPath(text))),
      groupText: claims.groupText ?? preset.groupText,
      groupPrefix: claims.groupPrefix ?? preset.groupPrefix,
      groupLimit: claims.groupLimit ?? preset.groupLimit,
      lowercase: config.lowercase ?? preset.lowercase,
      trustEmail: claims.trustEmail,
    },
    refusals: {
      deniedStatus: config.deniedStatus ?? preset.deniedStatus,
      misconfiguredStatus: preset.misconfiguredStatus,
      errors: preset.errors,
    },
    graphUrl: claims.graphUrl ?? preset.graphUrl,
    assertionAudience: client.assertionAudience ?? preset.assertionAudience,
  };
}

function sourcesNamed(from: NonNullable<ProviderConfig['claims']['from']>): ClaimsFrom {
  return from === 'auto' || typeof from !== 'string' ? from : [from];
}
