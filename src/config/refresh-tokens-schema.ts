/** The section `refreshTokens` of a service: what docker keeps in the password's place, where it is switched on. */
import { z } from 'zod';
import { duration } from '../backends/fields.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const lifetime = duration({ min: HOUR, max: 366 * DAY });

export const refreshTokens = z
  .strictObject({
    idle: lifetime.prefault('30d').meta({ description: 'How long one lives from its last use' }),
    absolute: lifetime.prefault('90d').meta({ description: 'How long one lives from the login, however it is used' }),
    maxPerUser: z.int().min(1).max(10_000).default(50).meta({
      description: 'How many one user may have at this service; of one more, that used longest ago ends',
    }),
  })
  .meta({
    description: 'Give docker login a refresh token to keep instead of the password; without it, none is given',
  });
