import { z } from 'zod';
import { backendFields, checkedText, duration, filePath, parsedText } from '../fields.ts';
import { parseClaimPath } from '../oidc/claim-path.ts';
import { issuerProblem } from '../oidc/issuer.ts';
import { proxyAddress } from '../http-client/proxy-address.ts';
import { clientConfig } from './client-config.ts';
import { CLAIM_SOURCES } from './claim-sources.ts';
import { PRESET_NAMES } from './presets.ts';

const claimPath = parsedText(parseClaimPath, 256);

const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*$/;

const claims = z.strictObject({
  username: claimPath.optional().meta({
    description:
      'The claim that holds the canonical user name: a claim’s name, or a JSON pointer such as /resource/login',
  }),
  groups: z
    .union([claimPath.transform((path) => [path]), z.array(claimPath).min(1).max(8)])
    .optional()
    .meta({
      description:
        'The claim or claims that hold group names: a claim’s name, or a JSON pointer such as /realm_access/roles',
    }),
  from: z
    .union([z.enum(['auto', ...CLAIM_SOURCES]), z.array(z.enum(CLAIM_SOURCES)).min(1).max(3)])
    .optional()
    .meta({
      description:
        'Where claims are read: the first of a list that has one counts, and none is asked once nothing is missing; ' +
        'auto: the ID token, and userinfo for what it lacks',
    }),
  groupPrefix: z.string().optional().meta({
    description: 'Removed from the start of group names: with /, the group /team-web is team-web; empty: nothing is',
  }),
  graphUrl: checkedText(issuerProblem).optional().meta({
    description: 'Microsoft Graph, asked for groups that a token of Entra ID leaves out because they are too many',
  }),
  groupLimit: z.int().min(1).max(1000).optional().meta({
    description: 'Logins fail with as many groups as this, because the provider lists no more (okta: 100)',
  }),
});

/** `type: oidc-password`: the password grant (RFC 6749, section 4.3) of an OpenID provider. */
export const oidcPasswordConfig = z
  .strictObject({
    type: z.literal('oidc-password'),
    ...backendFields,
    preset: z.enum(PRESET_NAMES).default('generic').meta({
      description: 'The provider’s make: brings defaults for scope, claims, lowercase and deniedStatus',
    }),
    issuer: checkedText(issuerProblem).meta({
      description: 'The provider’s issuer, exactly as its tokens name it: an https URL',
    }),
    client: clientConfig,
    scope: z
      .string()
      .regex(SCOPE, 'expected scope names with one space between them')
      .refine((scope) => scope.split(' ').includes('openid'), {
        error: 'expected openid among the scopes: without it there is no ID token',
      })
      .refine((scope) => !scope.split(' ').includes('offline_access'), {
        error: 'expected no offline_access: each login would leave a session behind at the provider',
      })
      .optional()
      .meta({ description: 'The scopes asked for; some providers give groups for a scope of their own only' }),
    claims: claims.prefault({}),
    lowercase: z
      .boolean()
      .optional()
      .meta({ description: 'Whether the provider compares names without case: users and groups are then lower-cased' }),
    deniedStatus: z
      .array(z.union([z.literal(400), z.literal(401), z.literal(403)]))
      .optional()
      .meta({
        description: 'HTTP statuses that mean a wrong password where the answer has no OAuth error (glewlwyd: [403])',
      }),
    caFile: filePath.optional().meta({
      description: 'Certificates (PEM) of the only authorities trusted for this provider; read again on change',
    }),
    proxy: proxyAddress,
    timeout: duration({ min: 1, max: 7 })
      .prefault('4500ms')
      .meta({ description: 'How long one login may take in all; from 1s to 7s, default 4500ms' }),
  })
  .superRefine(({ issuer, proxy }, context) => {
    if (proxy === undefined || issuer.startsWith('https:')) return;
    context.addIssue({ code: 'custom', path: ['proxy'], message: 'expected none for an issuer on this machine' });
  });

export type OidcPasswordConfig = z.output<typeof oidcPasswordConfig>;
