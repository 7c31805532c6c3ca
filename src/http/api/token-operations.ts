/** Operations about the credentials that Fairlead has issued. */
import { z } from 'zod';
import { reach } from './broker-operations.ts';
import { MAX_LISTED, name, next, page, time } from './fields.ts';
import type { Operation } from './operation.ts';

const id = z.string().min(1).max(64).meta({ description: 'The public id, as lists and logs show it' });

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
  })
  .meta({ id: 'RefreshToken' });

const revocation = z
  .strictObject({
    ids: z.array(id).min(1).max(MAX_LISTED).optional(),
    user: name.optional().meta({ description: 'The canonical name, or the name as typed at the login' }),
    all: z.literal(true).optional(),
    service: name.optional().meta({ description: 'Of those, only the tokens for this service' }),
  })
  .refine(({ ids, user, all }) => [ids, user, all].filter((one) => one !== undefined).length === 1, {
    error: 'expected exactly one of ids, user and all',
  })
  .meta({ id: 'RefreshTokenRevocation', description: 'Exactly one of `ids`, `user` and `all`' });

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
  revokeRefreshTokens: {
    method: 'POST',
    path: '/refresh-tokens/revoke',
    access: 'admin',
    summary: 'Revokes refresh tokens: their next use is refused, at all brokers that share the records',
    body: revocation,
    answer: z
      .object({
        count: z.int().min(0).meta({ description: 'How many were revoked' }),
        revoked: z.array(refreshToken).meta({ description: `The first ${MAX_LISTED} of them` }),
        missing: z.array(z.string()).meta({ description: 'Which of the `ids` do not exist' }),
        fleet: reach,
      })
      .meta({ id: 'RefreshTokenRevocationResult' }),
    problems: ['not-configured', 'unavailable'],
  },
} as const satisfies Readonly<Record<string, Operation>>;
