/** Operations about the credentials that Fairlead has issued. */
import { z } from 'zod';
import { ACTIONS } from '../../core/access.ts';
import { MAX_TOKEN_NAME, MAX_TOKEN_NETWORKS } from '../../core/personal-token.ts';
import { reach } from './broker-operations.ts';
import { MAX_LISTED, name, next, page, time } from './fields.ts';
import type { Operation } from './operation.ts';

const id = z.string().min(1).max(64).meta({ description: 'The public id, as lists and logs show it' });

const asleep = z.boolean().meta({
  description: 'Whether its account only lacks a sign-in with a browser, which makes it valid again; by what is stored',
});

const refreshToken = z
  .object({
    id,
    user: z.string().meta({ description: 'The canonical name' }),
    login: z.string().meta({ description: 'The name as typed at the login' }),
    service: z.string(),
    backend: z.string(),
    client: z.string().meta({ description: 'The address of the client at the login' }),
    clientId: z.string().meta({ description: 'The program, by the name that it sends: `docker`' }),
    createdAt: time,
    usedAt: time,
    expiresAt: time,
    asleep,
  })
  .meta({ id: 'RefreshToken' });

const limitFields = {
  service: name,
  repositories: z.array(z.string().min(1).max(255)).min(1).max(100).meta({
    description: 'Patterns as in a policy, without placeholders',
  }),
  actions: z.array(z.enum(ACTIONS)).min(1).max(ACTIONS.length),
};
const api = z.enum(['read', 'admin']).meta({ description: 'What it may do at the API, at most what its owner may do' });

const personalToken = z
  .object({
    id,
    user: z.string().meta({ description: 'The owner: a user name, or `robot:NAME`' }),
    backend: z.string().meta({ description: 'Of the owner' }),
    name: z.string(),
    limits: z.array(z.object(limitFields)).nullable().meta({
      description: 'Null: all that the owner may do; empty: nothing at any registry',
    }),
    api: api.nullable().meta({ description: 'Null: nothing at the API' }),
    networks: z.array(z.string()).nullable().meta({ description: 'The clients that may use it; null: all' }),
    createdAt: time,
    createdBy: z.string().meta({ description: 'A user name, or `operator`' }),
    createdFor: z.string().nullable().meta({ description: 'Of a robot: the user who owns it, for whom it was made' }),
    usedAt: time.nullable().meta({ description: 'Null: never' }),
    usedFrom: z.string().nullable().meta({ description: 'The address of the client of the last use' }),
    expiresAt: time,
    asleep,
  })
  .meta({ id: 'PersonalToken' });

const session = z
  .object({
    id,
    user: z.string().meta({ description: 'The canonical name' }),
    login: z.string().meta({ description: 'The name as typed, or as the provider gave it' }),
    backend: z.string().meta({ description: 'Of the account' }),
    signInBackend: z.string().meta({ description: 'Of the sign-in, which may be another one' }),
    client: z.string().meta({ description: 'The address of the client at the sign-in' }),
    program: z.string().meta({ description: 'The browser, by the name that it sends' }),
    createdAt: time,
    usedAt: time,
    expiresAt: time,
    asleep: z.boolean().meta({ description: 'Whether the next request needs a new sign-in; by what is stored' }),
  })
  .meta({ id: 'Session' });

const revoked = z
  .object({
    kind: z.enum(['refresh-token', 'personal-token', 'session']).meta({ description: 'Others may follow' }),
    id,
    user: z.string().meta({ description: 'The owner: a user name, or `robot:NAME`' }),
    backend: z.string(),
    service: z.string().nullable().meta({ description: 'Of a refresh token' }),
    name: z.string().nullable().meta({ description: 'Of a personal token' }),
  })
  .meta({ id: 'RevokedToken' });

const revokedFields = {
  count: z.int().min(0).meta({ description: 'How many tokens were revoked' }),
  revoked: z.array(revoked).meta({ description: `The first ${MAX_LISTED} of them` }),
  fleet: reach,
};

const revocation = z
  .strictObject({
    ids: z.array(id).min(1).max(MAX_LISTED).optional(),
    user: name.optional().meta({ description: 'The canonical name, or the name as typed at the login' }),
    robot: name.optional().meta({ description: 'The name of a robot in the configuration' }),
    all: z.literal(true).optional(),
    service: name.optional().meta({ description: 'Of those, only the refresh tokens for this service' }),
  })
  .refine(({ ids, user, robot, all }) => [ids, user, robot, all].filter((one) => one !== undefined).length === 1, {
    error: 'expected exactly one of ids, user, robot and all',
  })
  .meta({ id: 'RevokeRequest', description: 'Exactly one of `ids`, `user`, `robot` and `all`' });

/** Ten thousand tokens, or a log. */
const MAX_LEAK = 1024 * 1024;
const MAX_LIFETIME = 3660 * 86_400;

export const tokenOperations = {
  listRefreshTokens: {
    method: 'GET',
    path: '/refresh-tokens',
    access: 'read',
    summary: 'The valid refresh tokens; the tokens themselves are not stored',
    query: z.strictObject({ user: name.optional(), service: name.optional(), ...page }),
    answer: z.object({ refreshTokens: z.array(refreshToken), next }).meta({ id: 'RefreshTokenList' }),
    problems: ['not-configured', 'unavailable'],
  },
  listPersonalTokens: {
    method: 'GET',
    path: '/personal-tokens',
    access: 'read',
    summary: 'The valid personal tokens; the tokens themselves are not stored',
    query: z.strictObject({ user: name.optional(), robot: name.optional(), ...page }),
    answer: z.object({ personalTokens: z.array(personalToken), next }).meta({ id: 'PersonalTokenList' }),
    problems: ['not-configured', 'unavailable'],
  },
  listSessions: {
    method: 'GET',
    path: '/sessions',
    access: 'read',
    summary: 'The sessions of browsers; the cookies themselves are not stored',
    query: z.strictObject({ user: name.optional(), ...page }),
    answer: z.object({ sessions: z.array(session), next }).meta({ id: 'SessionList' }),
    problems: ['not-configured', 'unavailable'],
  },
  createPersonalToken: {
    method: 'POST',
    path: '/personal-tokens',
    access: 'operator',
    summary:
      'Makes a personal token for a user or a robot; only through the control socket, because a token never makes tokens',
    body: z
      .strictObject({
        user: name.meta({ description: 'As the user would type it' }),
        backend: name.optional().meta({ description: 'Absent: the first one that has the user' }),
        robot: name.optional().meta({
          description: 'The name of a robot that the user owns, whose token it is; absent: it is that of the user',
        }),
        name: z.string().min(1).max(MAX_TOKEN_NAME),
        limits: z.array(z.strictObject(limitFields)).max(50).optional().meta({
          description: 'Absent: all that the user may do; empty: nothing at any registry',
        }),
        api: api.optional().meta({ description: 'Absent: nothing at the API' }),
        networks: z.array(z.string().min(1).max(64)).min(1).max(MAX_TOKEN_NETWORKS).optional().meta({
          description: 'Addresses and CIDRs of the clients that may use it; absent: all',
        }),
        lifetimeSeconds: z.int().min(1).max(MAX_LIFETIME).optional().meta({
          description: 'Absent: `personalTokens.lifetime` of the configuration',
        }),
      })
      .meta({ id: 'CreatePersonalTokenRequest' }),
    answer: z
      .object({ token: z.string().meta({ description: 'It is shown this once' }), personalToken })
      .meta({ id: 'CreatedPersonalToken' }),
    problems: ['not-configured', 'conflict', 'unavailable'],
  },
  revokeTokens: {
    method: 'POST',
    path: '/tokens/revoke',
    access: 'admin',
    summary: 'Revokes refresh tokens and personal tokens: their next use is refused',
    body: revocation,
    answer: z
      .object({
        ...revokedFields,
        missing: z.array(z.string()).meta({ description: 'Which of the `ids` do not exist' }),
      })
      .meta({ id: 'Revocation' }),
    problems: ['not-configured', 'unavailable'],
  },
  endAccount: {
    method: 'POST',
    path: '/accounts/end',
    access: 'admin',
    summary: 'Ends everything that was issued for an account, and the cached logins; the account itself is not locked',
    body: z
      .strictObject({
        user: name.meta({ description: 'The canonical name, or the name as typed at the login' }),
        backend: name.optional().meta({ description: 'Absent: at all backends' }),
      })
      .meta({ id: 'EndAccountRequest' }),
    answer: z
      .object({
        ...revokedFields,
        failed: z.array(z.object({ what: z.string(), cause: z.string() })).meta({
          description: 'What could not be ended and may still work: try again',
        }),
        hint: z.string().nullable().meta({
          description:
            'Where nothing has ended: that nothing is issued under the name, and a name in another case that has something',
        }),
      })
      .meta({ id: 'AccountEnd' }),
    problems: ['not-configured', 'unavailable'],
  },
  checkLeak: {
    method: 'POST',
    path: '/tokens/check-leak',
    access: 'admin',
    summary: 'Revokes the valid tokens in a text that has leaked',
    body: z.strictObject({ text: z.string().max(MAX_LEAK) }).meta({ id: 'CheckLeakRequest' }),
    maxBytes: 2 * MAX_LEAK,
    answer: z
      .object({
        ...revokedFields,
        found: z.int().min(0).meta({ description: 'Whole tokens in the text, valid or not' }),
        damaged: z.int().min(0).meta({ description: 'Texts with the form of a token whose checksum is wrong' }),
      })
      .meta({ id: 'LeakCheck' }),
    problems: ['not-configured', 'unavailable'],
  },
} as const satisfies Readonly<Record<string, Operation>>;
