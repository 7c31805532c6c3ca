/** Defaults for known providers. A key of the configuration overrides the preset. */
import type { RejectReason } from '../../core/ports.ts';
import type { ClaimsFrom } from './claim-sources.ts';

export const PRESET_NAMES = ['generic', 'keycloak', 'dex', 'entra', 'okta', 'auth0', 'adfs', 'glewlwyd'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

interface Preset {
  readonly scope: string;
  readonly username: string;
  readonly groups: readonly string[];
  readonly claimsFrom: ClaimsFrom;
  readonly groupPrefix: string | undefined;
  readonly lowercase: boolean;
  /** Statuses that mean a wrong password where the answer holds no OAuth error. */
  readonly deniedStatus: readonly number[];
  /** Statuses that mean a wrong set-up there. */
  readonly misconfiguredStatus: readonly number[];
  /** OAuth errors of its own that are about the user. */
  readonly errors: Readonly<Record<string, RejectReason>>;
  /** As many groups as this may be all that the provider lists of more. */
  readonly groupLimit: number | undefined;
  /** Where Microsoft Graph lists the groups that a token leaves out. */
  readonly graphUrl: string | undefined;
  /** Whom client assertions are for: RFC 7523bis says the issuer, and who does not know it wants the endpoint. */
  readonly assertionAudience: 'issuer' | 'token-endpoint';
}

const GENERIC: Preset = {
  scope: 'openid profile',
  username: 'preferred_username',
  groups: ['groups'],
  claimsFrom: 'auto',
  groupPrefix: undefined,
  lowercase: false,
  deniedStatus: [],
  misconfiguredStatus: [],
  errors: {},
  groupLimit: undefined,
  graphUrl: undefined,
  assertionAudience: 'issuer',
};

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  generic: GENERIC,
  // The group mapper gives full paths, /teams/web, unless told otherwise. User names are lower case.
  keycloak: { ...GENERIC, groupPrefix: '/', lowercase: true },
  // Groups come for their scope only. The directory behind it compares names without case.
  dex: { ...GENERIC, scope: 'openid profile groups', lowercase: true },
  // Groups are object ids; `preferred_username` is the UPN. Userinfo has nothing that the ID token lacks.
  entra: {
    ...GENERIC,
    claimsFrom: ['id-token'],
    lowercase: true,
    graphUrl: 'https://graph.microsoft.com/v1.0',
    assertionAudience: 'token-endpoint',
  },
  // Vault's documentation and others: the claim ends at 100 groups without a word. No scope brings it: only the organization’s own server has one for groups.
  okta: {
    ...GENERIC,
    lowercase: true,
    groupLimit: 100,
    assertionAudience: 'token-endpoint',
  },
  // Users of its databases have an address and no other name that is theirs alone. `unauthorized`: blocked there.
  auth0: {
    ...GENERIC,
    scope: 'openid profile email',
    username: 'email',
    lowercase: true,
    errors: { unauthorized: 'disabled' },
  },
  // `allatclaims` puts what the rules give into the ID token; userinfo has `sub` alone.
  adfs: {
    ...GENERIC,
    scope: 'openid allatclaims',
    username: 'upn',
    groups: ['group'],
    claimsFrom: ['id-token'],
    lowercase: true,
    assertionAudience: 'token-endpoint',
  },
  // Answers without a body: 403 to a wrong password, 400 to a wrong client.
  glewlwyd: { ...GENERIC, scope: 'openid', deniedStatus: [403], misconfiguredStatus: [400] },
};
