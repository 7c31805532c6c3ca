/** The data of the checks: requests of clients, scopes and hostile input, in a form that other languages can read. */
import { z } from 'zod';
import { LEVELS } from './check.ts';
import hostile from './vectors/hostile.json' with { type: 'json' };
import requests from './vectors/requests.json' with { type: 'json' };
import scopes from './vectors/scopes.json' with { type: 'json' };
import { REGISTRIES } from './tokens/registries.ts';

const statement = {
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  level: z.enum(LEVELS),
  title: z.string().min(1),
  source: z.string().min(1),
  breaks: z.string().min(1),
  after: z.array(z.string()).optional().meta({ description: 'Checks whose failure explains a failure of this one.' }),
};

const header = z.tuple([z.string(), z.string()]);

const step = z.strictObject({
  method: z.enum(['GET', 'POST']),
  query: z.string().optional().meta({ description: 'The query as sent, with placeholders.' }),
  form: z.string().optional().meta({ description: 'The body as sent, with placeholders.' }),
  authorization: z.enum(['basic', 'basic-nothing', 'basic-refresh-token']).optional(),
  headers: z.array(header).optional(),
  on: z.array(z.int()).optional().meta({
    description:
      'The step is taken when the answer to the step before has one of these statuses. Not in the first step.',
  }),
});

const requestVector = z.strictObject({
  ...statement,
  client: z.string().min(1).meta({ description: 'Client and version.' }),
  encoding: z.enum(['go', 'none']).default('go').meta({ description: 'How values are put in place of placeholders.' }),
  needs: z.array(z.enum(['post', 'refresh-tokens', 'second', 'anonymous', 'catalog'])).default([]),
  steps: z.array(step).min(1),
  reads: z
    .array(z.enum(['token', 'access_token']))
    .min(1)
    .meta({ description: 'The first field that is not empty is the token.' }),
  grants: z.array(z.string()).default([]).meta({ description: 'What the token must allow, as type:name:action.' }),
});

const scopeVector = z.strictObject({
  ...statement,
  needs: z.array(z.enum(['second', 'readable', 'denied', 'catalog', 'no-catalog'])).default([]),
  query: z.string().meta({ description: 'The part of the query about scopes, as sent, with placeholders.' }),
  grants: z
    .record(z.string(), z.array(z.string()))
    .meta({ description: 'What the token must grant: the list of actions by type:name. Nothing else may be granted.' }),
});

const hostileVector = z.strictObject({
  ...statement,
  login: z.boolean().default(false).meta({ description: 'Whether the credentials of the user are sent.' }),
  query: z.string().optional(),
  form: z.string().optional(),
  headers: z.array(header).optional(),
  bytes: z.string().optional().meta({ description: 'The whole request as sent; \\u00ff is the byte 255.' }),
  refused: z.boolean().default(false).meta({ description: 'Whether a token must not be given.' }),
  absentMarkup: z.string().optional().meta({ description: 'A text that a page of HTML must not have.' }),
  maxAnswers: z.int().optional().meta({ description: 'How many answers the bytes may have at most.' }),
  absentHeader: z.string().optional().meta({ description: 'A header that the answer must not have.' }),
});

const tokenVector = z.strictObject({
  id: statement.id,
  title: statement.title,
  key: z.enum(['ec-p256', 'ec-p256-leading-zero', 'rsa-2048', 'ed25519']),
  trust: z
    .enum([
      'bundle',
      'bundle-of-authority',
      'bundle-expired',
      'jwks-libtrust',
      'jwks-thumbprint',
      'bundle-and-jwks-libtrust',
    ])
    .meta({ description: 'What the registry is configured with: certificates, and key sets whose kid has this form.' }),
  header: z.strictObject({
    typ: z.string(),
    alg: z.string().optional().meta({ description: 'Default: ES256, RS256 or EdDSA, by the key.' }),
    kid: z.enum(['libtrust', 'thumbprint', 'unknown', 'none']),
    x5c: z.enum(['self', 'issued', 'expired', 'foreign', 'base64url', 'none']),
    jwk: z.enum(['libtrust', 'none']).meta({ description: 'libtrust: the public key, with its libtrust id as kid.' }),
  }),
  claims: z
    .record(z.string(), z.unknown())
    .default({})
    .meta({ description: 'Differences from a correct token. Times are seconds from now; null: the claim is missing.' }),
  signature: z.enum(['valid', 'foreign', 'broken']).default('valid'),
  accepted: z.record(z.enum(REGISTRIES), z.boolean()),
});

const file = <T extends z.ZodType>(vector: T, of: string) =>
  z.strictObject({
    $schema: z.string(),
    version: z.literal(1).meta({ description: 'Changes when an older reader would misread the file.' }),
    about: z.string(),
    [of]: z.array(vector),
  });

/** The schemas of the files by their names. */
export const VECTOR_SCHEMAS = {
  requests: file(requestVector, 'requests'),
  scopes: file(scopeVector, 'scopes'),
  hostile: file(hostileVector, 'hostile'),
  tokens: file(tokenVector, 'tokens'),
};

export type RequestVector = z.infer<typeof requestVector>;
export type ScopeVector = z.infer<typeof scopeVector>;
export type HostileVector = z.infer<typeof hostileVector>;
export type TokenVector = z.infer<typeof tokenVector>;
export type Step = z.infer<typeof step>;

export const requestVectors: readonly RequestVector[] = z.array(requestVector).parse(requests.requests);
export const scopeVectors: readonly ScopeVector[] = z.array(scopeVector).parse(scopes.scopes);
export const hostileVectors: readonly HostileVector[] = z.array(hostileVector).parse(hostile.hostile);
