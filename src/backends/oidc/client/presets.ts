/** Defaults for known providers. A key of the configuration overrides the preset. */
import type { RejectReason } from '../../../core/ports.ts';
import type { ClaimsFrom } from './claim-sources.ts';
import type { GroupText } from './group-text.ts';

export const PRESET_NAMES = [
  'generic',
  'keycloak',
  'dex',
  'entra',
  'okta',
  'auth0',
  'adfs',
  'identityserver',
  'glewlwyd',
] as const;
type PresetName = (typeof PRESET_NAMES)[number];

interface Preset {
  readonly scope: string;
  readonly username: string;
  readonly groups: readonly string[];
  readonly claimsFrom: ClaimsFrom;
  /** How a claim that is a text is read; undefined: a text that may be a list is refused. */
  readonly groupText: GroupText | undefined;
  readonly groupPrefix: string | undefined;
  readonly lowercase: boolean;
  /** Statuses that mean a wrong password in an answer without an OAuth error. */
  readonly deniedStatus: readonly number[];
  /** Statuses that mean a wrong configuration in such an answer. */
  readonly misconfiguredStatus: readonly number[];
  /** OAuth errors that are about the user at this provider only. */
  readonly errors: Readonly<Record<string, RejectReason>>;
  /** The provider may list only this many of more groups, without saying so. */
  readonly groupLimit: number | undefined;
  /** Where Microsoft Graph lists the groups that a token leaves out. */
  readonly graphUrl: string | undefined;
  /** The audience of client assertions: the issuer (RFC 7523bis), or the token endpoint where a provider requires that. */
  readonly assertionAudience: 'issuer' | 'token-endpoint';
}

const GENERIC: Preset = {
  scope: 'openid profile',
  username: 'preferred_username',
  groups: ['groups'],
  claimsFrom: 'auto',
  groupText: undefined,
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
  // The group mapper gives full paths, /teams/web, by default. User names are in lower case.
  keycloak: { ...GENERIC, groupPrefix: '/', lowercase: true },
  // Groups require their scope. The directory behind Dex compares names without case.
  dex: { ...GENERIC, scope: 'openid profile groups', lowercase: true },
  // Groups are object ids; `preferred_username` is the UPN. Userinfo has nothing that the ID token lacks.
  entra: {
    ...GENERIC,
    claimsFrom: ['id-token'],
    lowercase: true,
    graphUrl: 'https://graph.microsoft.com/v1.0',
    assertionAudience: 'token-endpoint',
  },
  // The claim lists at most 100 groups, without a notice (documentation of Vault). No scope requests it: only the
  // authorization server of the organization has one for groups.
  okta: {
    ...GENERIC,
    lowercase: true,
    groupLimit: 100,
    assertionAudience: 'token-endpoint',
  },
  // Only the email address of a database user is unique. `unauthorized`: the user is blocked.
  auth0: {
    ...GENERIC,
    scope: 'openid profile email',
    username: 'email',
    lowercase: true,
    errors: { unauthorized: 'disabled' },
  },
  // `allatclaims` puts what the rules give into the ID token; userinfo has `sub` alone. The claim of a user in one group
  // is a text, such as `Domain Users`.
  adfs: {
    ...GENERIC,
    scope: 'openid allatclaims',
    username: 'upn',
    groups: ['group'],
    groupText: 'single',
    claimsFrom: ['id-token'],
    lowercase: true,
    assertionAudience: 'token-endpoint',
  },
  // No ID token for the password grant, so userinfo is the source. A claim with one value is a text, as in AD FS. ASP.NET
  // Identity compares names without case.
  identityserver: {
    ...GENERIC,
    groups: ['role'],
    groupText: 'single',
    claimsFrom: ['userinfo'],
    lowercase: true,
  },
  // Answers without a body: 403 to a wrong password, 400 to a wrong client.
  glewlwyd: { ...GENERIC, scope: 'openid', deniedStatus: [403], misconfiguredStatus: [400] },
};
