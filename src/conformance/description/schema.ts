/** The schema of the file that describes the server under test. */
import { z } from 'zod';
import { REGISTRIES } from '../tokens/registries.ts';

const actions = z.array(z.string().regex(/^(?:[a-z]+|\*)$/, 'expected an action such as pull, push, delete or *'));
const rights = z.record(z.string().min(1), actions).meta({
  description: 'What is granted, by repository. An empty list is a repository of which nothing is granted.',
});

const secret = z
  .union([z.strictObject({ file: z.string().min(1) }), z.strictObject({ env: z.string().min(1) })], {
    error: 'expected { file: PATH } or { env: NAME }; a password does not belong into this file',
  })
  .meta({ description: 'Where the password is: the first line of a file, or an environment variable.' });

const user = z.strictObject({
  name: z.string().min(1).meta({ description: 'The user name, as docker login gets it.' }),
  password: secret,
  rights,
  catalog: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether the user may list all repositories (`registry:catalog:*`).' }),
});

const supports = z.strictObject({
  post: z.boolean().default(true).meta({ description: 'POST with the OAuth form, as containerd sends it first.' }),
  refreshTokens: z
    .boolean()
    .default(false)
    .meta({ description: 'Refresh tokens, which docker stores in place of the password.' }),
  cors: z
    .string()
    .optional()
    .meta({ description: 'An origin whose pages may read answers, such as https://ui.example.com.' }),
});

export const descriptionSchema = z.strictObject({
  version: z.literal(1, 'expected 1, the version of this format'),
  name: z.string().default('').meta({ description: 'Name and version of the server, for the report.' }),
  service: z.string().min(1).meta({ description: '`service` of the registry; the audience of tokens.' }),
  issuer: z.string().min(1).meta({ description: '`issuer` of the registry.' }),
  trust: z
    .strictObject({
      bundle: z.string().min(1).optional().meta({ description: 'PEM file, as `rootcertbundle` of distribution.' }),
      jwks: z
        .string()
        .min(1)
        .optional()
        .meta({ description: 'File or URL of the key set, as `jwks` of distribution 3.' }),
    })
    .refine(({ bundle, jwks }) => bundle !== undefined || jwks !== undefined, 'expected bundle, jwks or both'),
  registries: z
    .array(z.enum(REGISTRIES))
    .min(1)
    .default(['distribution-2.8', 'distribution-3.1'])
    .meta({ description: 'The registries that must accept the tokens.' }),
  ca: z.string().min(1).optional().meta({ description: 'PEM file of the authority of the server’s TLS certificate.' }),
  users: z
    .array(user)
    .min(1, 'expected at least one user')
    .meta({ description: 'The first one logs in; wrong passwords are tried for the last one.' }),
  anonymous: z
    .union([z.literal('deny'), z.strictObject({ rights })], { error: 'expected deny, or { rights: … }' })
    .meta({ description: 'What is granted without credentials; deny: such requests are answered 401.' }),
  otherService: z.string().min(1).optional().meta({ description: 'A second service that the server serves.' }),
  supports: supports.prefault({}),
});

export type DescriptionFile = z.infer<typeof descriptionSchema>;
