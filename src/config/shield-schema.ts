/** The section `shield` of `broker.yaml`: what stands between clients' repeated logins and the backends. */
import { z } from 'zod';
import { duration } from '../backends/fields.ts';

const MINUTES = 60;
const HOURS = 3600;

export const shield = z
  .strictObject({
    remember: duration({ min: 0, max: 15 * MINUTES })
      .prefault('60s')
      .meta({
        description:
          'How long a right login is answered from memory; a disabled user or a changed group counts after this at the latest, a group that left another group up to 30 s later',
      }),
    staleIfError: duration({ min: 0, max: 24 * HOURS })
      .prefault('0s')
      .meta({
        description: 'How long a right login may stand in for a backend that is down; 0s: never',
      }),
    rememberWrong: duration({ min: 0, max: 24 * HOURS })
      .prefault('5m')
      .meta({
        description: 'How long the same wrong password for the same account is refused without asking the backend',
      }),
    rememberRefused: duration({ min: 0, max: 5 * MINUTES })
      .prefault('30s')
      .meta({
        description: 'How long an unknown user, or an account that may not log in, is refused without asking',
      }),
    wrongPasswords: z
      .strictObject({
        max: z.int().min(0).max(100).default(3).meta({
          description:
            'Different wrong passwords for one account that reach the backend within the window; below its own lockout threshold; 0: no limit',
        }),
        maxPerAddress: z.int().min(0).max(100_000).default(100).meta({
          description:
            'Refused logins from one client address within the window, before more are refused unasked; many people behind one address need more; 0: no limit',
        }),
        window: duration({ min: 10, max: 24 * HOURS })
          .prefault('5m')
          .meta({
            description: 'The window, from the first wrong password',
          }),
        answer: z.literal([401, 429]).default(429).meta({
          description: 'The status of what is refused beyond that',
        }),
      })
      .prefault({})
      .meta({ description: 'Guessing is stopped before the directory locks the account' }),
  })
  .prefault({})
  .meta({ description: 'What is remembered of logins, so that clients neither flood a backend nor lock its accounts' });
