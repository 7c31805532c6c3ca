import { z } from 'zod';
import { backendFields, checkedText, duration, parsedText } from '../fields.ts';
import { parseClaimPath } from '../oidc/claim-path.ts';
import { clientConfig, methodOf } from '../oidc/client/client-config.ts';
import { providerFields, providerPlace, refuseProxyOnLoopback } from '../oidc/client/provider-config.ts';
import { resolveSettings } from '../oidc/client/settings.ts';
import { issuerProblem } from '../oidc/issuer.ts';
import { adminUrlOf } from './keycloak-address.ts';

const DAY = 86_400;

const ownAccounts = z.strictObject({
  from: z.literal('sign-in').meta({
    description:
      'An account is what the provider said at the last sign-in. A person who has left keeps tokens until `every` is over.',
  }),
  every: duration({ min: 3600, max: 90 * DAY })
    .prefault('30d')
    .meta({
      description:
        'How long tokens of a person work after a sign-in. Then they are asleep until the next sign-in; nothing has to be created again.',
    }),
});

const backendAccounts = z.strictObject({
  from: z.literal('backend').meta({
    description:
      'The account is looked up in another backend, which can find accounts without a password. Names, groups and whether the account is disabled come from there, at each use.',
  }),
  backend: z.string().min(1).meta({ description: 'The name of that backend, such as a directory' }),
  claim: parsedText(parseClaimPath, 256).optional().meta({
    description:
      'The claim with the user name there: the name of a claim, or a JSON pointer. Entra ID has the name of the directory in `upn` or `onpremisesSamAccountName`, where they are configured. Default: `claims.username`.',
  }),
});

const graphAccounts = z.strictObject({
  from: z.literal('graph').meta({
    description:
      'Microsoft Graph is asked whether the account is enabled, and for its security groups, with `client`. It needs the application permissions User.Read.All and GroupMember.Read.All. For `preset: entra`, or with `claims.graphUrl`.',
  }),
});

const keycloakAccounts = z.strictObject({
  from: z.literal('keycloak').meta({
    description:
      'The Admin REST API of Keycloak is asked whether the account is enabled, and for its name, groups (`groups`) and realm roles (`/realm_access/roles`), with `client`. Its service account needs the role view-users of realm-management.',
  }),
  url: checkedText(issuerProblem).optional().meta({
    description:
      'The URL of the realm in the Admin REST API, where it is not at the issuer: https://id.example.com/admin/realms/corp. Default: it follows from `issuer`, or from `internalUrl`.',
  }),
});

const refreshTokenAccounts = z.strictObject({
  from: z.literal('refresh-token').meta({
    description:
      'A refresh token of the provider is stored, encrypted, and redeemed at most every 15 minutes. When the provider refuses it, the account is asleep until the next sign-in. What that says about somebody who has left depends on the provider.',
  }),
  consent: z.boolean().optional().meta({
    description:
      'Whether the provider has to ask the person for consent at each sign-in (`prompt=consent`), without which some give no refresh token (OpenID Connect Core, section 11). Default: `true` with `preset: generic`, otherwise `false`.',
  }),
});

/** Paths below `/sign-in` that are no backend. */
const RESERVED = new Set(['callback']);

/** `type: oidc-sign-in`: sign-in with a browser at an OpenID provider (authorization code flow). */
export const oidcSignInConfig = z
  .strictObject({
    type: z.literal('oidc-sign-in'),
    ...backendFields,
    name: backendFields.name.refine((name) => !RESERVED.has(name), {
      error: 'expected another name: pages use this one',
    }),
    label: z
      .string()
      .regex(/^[^\p{Cc}]{1,64}$/u, 'expected 1 to 64 characters without control characters')
      .optional()
      .meta({ description: 'What people call this provider, for the page of the sign-in. Default: `name`.' }),
    ...providerPlace,
    client: clientConfig.meta({
      description:
        'How the provider knows this broker: a confidential client for the authorization code flow, with the redirect URI `<publicUrl>/sign-in/callback`.',
    }),
    ...providerFields,
    accounts: z
      .discriminatedUnion('from', [ownAccounts, backendAccounts, graphAccounts, keycloakAccounts, refreshTokenAccounts])
      .prefault({ from: 'sign-in' })
      .meta({
        description:
          'How Fairlead finds out, when nobody is at the browser, whether a person is still there. Default: `{ from: sign-in }`.',
      }),
    recentSignIn: z.enum(['auth_time', 'sign-in']).prefault('auth_time').meta({
      description:
        'What shows, for pages that need a recent sign-in, when a person proved who they are: `auth_time` in the ID token, which providers must give when they are asked (`max_age`); or the `sign-in` itself, for a provider without this claim that asks people for a proof each time, such as Dex.',
    }),
    timeout: duration({ min: 1, max: 7 })
      .prefault('4500ms')
      .meta({ description: 'How long the provider may take in total for one step of a sign-in' }),
  })
  .superRefine(refuseProxyOnLoopback)
  .superRefine((config, context) => {
    const problem = accountsProblem(config);
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['accounts', 'from'], message: problem });
  });

export type OidcSignInConfig = z.output<typeof oidcSignInConfig>;

/** What the Admin REST API says about groups, by the claims in which a token has it. */
const KEYCLOAK_CLAIMS: ReadonlySet<string> = new Set(['groups', 'realm_access']);

type Checked = Pick<OidcSignInConfig, 'name' | 'accounts' | 'client' | 'preset' | 'claims' | 'issuer' | 'internalUrl'>;

/** @returns what is missing for the configured source of accounts; undefined: nothing */
function accountsProblem(config: Checked): string | undefined {
  const { accounts, client, internalUrl = config.issuer } = config;
  if (accounts.from !== 'graph' && accounts.from !== 'keycloak') return undefined;
  if (methodOf(client) === 'none') return `expected a client with a secret, key or certificate for ${accounts.from}`;
  const { graphUrl, identity } = resolveSettings(config);
  if (accounts.from === 'graph') {
    if (graphUrl === undefined) return 'expected preset: entra, or claims.graphUrl, for graph';
    const others = identity.groups.filter(({ text }) => text !== 'groups');
    return others.length === 0 ? undefined : 'expected claims.groups to be groups: Microsoft Graph has no other ones';
  }
  const others = identity.groups.filter(({ claims }) => !claims.some((claim) => KEYCLOAK_CLAIMS.has(claim)));
  if (others.length > 0)
    return 'expected claims.groups to be groups or /realm_access/roles: keycloak has no other ones';
  if (accounts.url !== undefined || adminUrlOf(internalUrl) !== undefined) return undefined;
  return 'expected an issuer that ends with /realms/REALM, or accounts.url, for keycloak';
}
