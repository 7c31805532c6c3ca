import { z } from 'zod';
import { backendFields, duration, parsedText } from '../fields.ts';
import { parseClaimPath } from '../oidc/claim-path.ts';
import { clientConfig } from '../oidc/client/client-config.ts';
import { providerFields, providerPlace, refuseProxyOnLoopback } from '../oidc/client/provider-config.ts';

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
    accounts: z.discriminatedUnion('from', [ownAccounts, backendAccounts]).prefault({ from: 'sign-in' }).meta({
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
  .superRefine(refuseProxyOnLoopback);

export type OidcSignInConfig = z.output<typeof oidcSignInConfig>;
