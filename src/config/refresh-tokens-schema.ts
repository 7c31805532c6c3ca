/** The section `refreshTokens` of a service: what docker keeps in the password's place, where it is switched on. */
import { z } from 'zod';
import { duration } from '../backends/fields.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const lifetime = duration({ min: HOUR, max: 366 * DAY });

export const refreshTokens = z
  .strictObject({
    idle: lifetime.prefault('30d').meta({ description: 'How long a token is valid after its last use' }),
    absolute: lifetime
      .prefault('90d')
      .meta({ description: 'How long a token is valid after the login, however often it is used' }),
    maxPerUser: z.int().min(1).max(10_000).default(50).meta({
      description:
        'How many tokens one user may have at this service. One more ends the token with the oldest last use: that machine must log in again.',
    }),
  })
  .meta({
    description:
      'Offer refresh tokens, which docker calls identity tokens. `{}` takes the defaults. Default: none are offered.',
  });
