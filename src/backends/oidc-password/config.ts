import { z } from 'zod';
import { backendFields, checkedText, duration, filePath, parsedText } from '../fields.ts';
import { parseClaimPath } from '../oidc/claim-path.ts';
import { issuerProblem } from '../oidc/issuer.ts';
import { proxyAddress } from '../http-client/proxy-address.ts';
import { clientConfig } from './client-config.ts';
import { PRESET_NAMES } from './presets.ts';

export const CLAIM_SOURCES = ['id-token', 'userinfo', 'introspection'] as const;

const claimPath = parsedText(parseClaimPath, 256);

const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*$/;

const claims = z.strictObject({
  username: claimPath.optional().meta({
    description:
      'The claim that holds the canonical user name: the name of a claim, or a JSON pointer. Default: the preset’s.',
  }),
  groups: z
    .union([claimPath.transform((path) => [path]), z.array(claimPath).min(1).max(8)])
    .optional()
    .meta({
      description: 'The claim or claims that hold group names: text or a list of texts. Default: the preset’s.',
    }),
  from: z
    .union([z.enum(['auto', ...CLAIM_SOURCES]), z.array(z.enum(CLAIM_SOURCES)).min(1).max(3)])
    .optional()
    .meta({
      description:
        'Where claims are read: `id-token`, `userinfo` or `introspection` (RFC 7662), or a list of them. They are asked in this order until no claim is missing; the first that has a claim counts. Keycloak introspects for clients in the audience of the token only: add an audience mapper. `auto`: the ID token, and userinfo for missing claims. Default: the preset’s.',
    }),
  groupPrefix: z.string().optional().meta({
    description:
      'A prefix that is removed from group names: with `/`, the Keycloak group `/team-web` becomes `team-web`. A group without the prefix keeps its name: with `registry-`, `registry-admins` and `admins` become the same group, unless the provider sends only groups with the prefix. Empty: nothing is removed. Default: the preset’s.',
  }),
  graphUrl: checkedText(issuerProblem).optional().meta({
    description:
      'The URL of Microsoft Graph, for groups that a token of Entra ID leaves out because there are too many. The broker asks as its own client. If Graph cannot return all groups, the login fails (503). Default: the preset’s.',
  }),
  groupLimit: z.int().min(1).max(1000).optional().meta({
    description:
      'A login with this many groups in one claim fails (503), because the provider may have left out more. Default: the preset’s.',
  }),
});

/** `type: oidc-password`: the password grant (RFC 6749, section 4.3) of an OpenID provider. */
export const oidcPasswordConfig = z
  .strictObject({
    type: z.literal('oidc-password'),
    ...backendFields,
    preset: z.enum(PRESET_NAMES).default('generic').meta({
      description: 'The kind of provider. It sets the defaults in the table below.',
    }),
    issuer: checkedText(issuerProblem).meta({
      description: 'The issuer, exactly as its tokens name it: an https URL. `http` is accepted on loopback only.',
    }),
    client: clientConfig.meta({
      description:
        'How the provider knows this broker. The client must be allowed the password grant ("direct access grants" in Keycloak).',
    }),
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
      .meta({
        description:
          'The scopes that are requested, separated by one space. `openid` is required, `offline_access` is refused. Default: the preset’s.',
      }),
    claims: claims.prefault({}).meta({
      description:
        'Where the names of users and groups are. A claim is the name of a claim, or a JSON pointer such as `/realm_access/roles`.',
    }),
    lowercase: z.boolean().optional().meta({
      description:
        'Whether the provider compares names without case. `true`: user and group names are lower-cased. Default: the preset’s.',
    }),
    deniedStatus: z
      .array(z.union([z.literal(400), z.literal(401), z.literal(403)]))
      .optional()
      .meta({
        description:
          'HTTP statuses that mean a wrong password when the answer has no OAuth error. Default: the preset’s.',
      }),
    caFile: filePath.optional().meta({
      description:
        'Path of the certificates (PEM) of the only authorities trusted for this provider. Read again when it changes. Default: the system’s.',
    }),
    proxy: proxyAddress,
    timeout: duration({ min: 1, max: 7 })
      .prefault('4500ms')
      .meta({ description: 'How long one login may take in total. With the default, the answer is sent within 5 s.' }),
  })
  .superRefine(({ issuer, proxy }, context) => {
    if (proxy === undefined || issuer.startsWith('https:')) return;
    context.addIssue({ code: 'custom', path: ['proxy'], message: 'expected none for an issuer on this machine' });
  });

export type OidcPasswordConfig = z.output<typeof oidcPasswordConfig>;
