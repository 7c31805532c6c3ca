import { z } from 'zod';
import { backendFields, checkedText, duration, filePath, httpsUrl, parsedText, secretRef } from '../fields.ts';
import { issuerProblem } from '../oidc/issuer.ts';
import { SIGNATURE_ALGORITHMS } from '../oidc/algorithms.ts';
import { proxyAddress } from '../http-client/proxy-address.ts';
import { checkOidcTokenConfig } from './config-check.ts';
import { PRESET_NAMES } from './presets/index.ts';
import { parseTemplate } from './template.ts';
import { isTrustDomain } from './trust-domain.ts';

const template = parsedText(parseTemplate, 512);
const audience = z.string().min(1).max(512);
const claimValue = z.union([z.string().min(1).max(512), z.int(), z.boolean()]);

const keys = z
  .strictObject({
    url: httpsUrl
      .optional()
      .meta({ description: 'The URL of the keys (JWKS). Default: from the metadata of the issuer.' }),
    file: filePath.optional().meta({
      description:
        'Path of a file with the keys (JWKS), for issuers that the broker cannot reach. Read again when it changes.',
    }),
    bearer: secretRef.optional().meta({
      description: 'A bearer token that `keys.url` requires, as an API server does. It is sent nowhere else.',
    }),
  })
  .meta({ description: 'The keys that sign the tokens' });

/** `type: oidc-token`: a CI system’s or cluster’s ID token (OpenID Connect Core, section 2) as the password. */
export const oidcTokenConfig = z
  .strictObject({
    type: z.literal('oidc-token'),
    ...backendFields,
    preset: z.enum(PRESET_NAMES).default('generic').meta({
      description:
        'The system that issues the tokens. It sets the defaults for issuer, user name and groups, and knows which claims a job chooses.',
    }),
    issuer: checkedText((text) => (isTrustDomain(text) ? undefined : issuerProblem(text)))
      .optional()
      .meta({
        description:
          'The issuer, exactly as its tokens name it: an https URL. `http` is accepted on loopback only. With `preset: spiffe` also a trust domain, `spiffe://example.org`, for tokens without `iss`. Default: the preset’s; for `kubernetes`, the cluster that the broker runs in.',
      }),
    audience: z.union([audience.transform((text) => [text]), z.array(audience).min(1).max(8)]).meta({
      description:
        'The audience (`aud`) that tokens must have: one name, or a list of which one must match. Choose a name that only this registry uses. Audiences that tokens have by default or for other services (the URL of the repository owner, the API server, the issuer) are refused.',
    }),
    bound: z
      .union([
        z.literal('everyone'),
        z.record(
          z.string().min(1).max(256),
          z.union([claimValue, z.array(claimValue).min(1).max(256)]).meta({
            description:
              'The value, or a list of which one must match: exact, or with `*` for any characters; braces are literal. An empty claim counts as missing. `email` matches only where the token says that it is verified (`email_verified`).',
          }),
        ),
      ])
      .optional()
      .meta({
        description:
          'Required. Claims that tokens must have, so that the jobs of others cannot log in, or `everyone` to accept every token of the issuer. Bind ids instead of names, and what the preset advises. Claims that a job chooses are not enough. Keys are names of claims or JSON pointers such as `/kubernetes.io/namespace`.',
      }),
    maxLifetime: duration({ min: 10, max: 366 * 86_400 })
      .prefault('24h')
      .meta({
        description:
          'The longest time from `iat` to `exp` that is accepted. A token that is valid for years is a stored password.',
      }),
    username: template.optional().meta({
      description:
        'The template of the user name: ci:{claim:NAME} or ci:{claim:/a/b}. A claim alone is refused, except `sub`: it could be the name of a user of another backend. A claim that a job or its owner chooses is refused. Default: the preset’s, or `{claim:sub}`.',
    }),
    groups: z.array(template).max(32).optional().meta({
      description:
        'Templates of group names. A group whose claim is missing in the token is left out; a claim that is a list gives one group for each value. After an `@` between two claims, an `@` in a value is written `%40` (and `%` as `%25`), so that a branch or environment named `x@production` does not match `environment:*@production`. Use `@` where you join two claims. An id in braces, as Bitbucket has, is written without them. Default: the preset’s.',
    }),
    algorithms: z
      .array(z.enum(SIGNATURE_ALGORITHMS))
      .min(1)
      .default([...SIGNATURE_ALGORITHMS])
      .meta({
        description: 'The signature algorithms that are accepted. No others are supported. Default: all of them.',
      }),
    keys: keys.prefault({}),
    caFile: filePath.optional().meta({
      description:
        'Path of the certificates (PEM) of the only authorities trusted when keys are fetched. Read again when it changes. Default: those that Node.js includes.',
    }),
    proxy: proxyAddress,
    timeout: duration({ min: 1, max: 7 }).prefault('5s').meta({ description: 'How long fetching keys may take' }),
  })
  .superRefine((config, context) => {
    for (const { path, message } of checkOidcTokenConfig(config)) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
  });

export type OidcTokenConfig = z.output<typeof oidcTokenConfig>;
