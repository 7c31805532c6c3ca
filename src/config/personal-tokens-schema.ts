/** The section `personalTokens` of broker.yaml. */
import { z } from 'zod';
import { duration } from '../backends/fields.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const LONGEST = 3660 * DAY;
const lifetime = duration({ min: HOUR, max: LONGEST });

export const personalTokens = z
  .strictObject({
    maxPerUser: z
      .int()
      .min(1)
      .max(1000)
      .default(50)
      .meta({ description: 'How many tokens one owner may have at once. No token is made beyond it.' }),
    lifetime: lifetime.prefault('90d').meta({
      description:
        'How long a token is valid that is made without a lifetime of its own; never longer than `maxLifetime`',
    }),
    maxLifetime: lifetime.prefault('365d').meta({ description: 'The longest lifetime that a token may be given' }),
    requireLimits: z.boolean().default(false).meta({
      description:
        'Whether each token must name registries, repositories and actions. `false`: a token without limits may do what its owner may do.',
    }),
  })
  .optional()
  .meta({
    description:
      'Offer personal tokens: passwords for one machine or program, with limits and an end. `{}` takes the defaults. Default: none are offered, and existing ones are refused.',
  });
