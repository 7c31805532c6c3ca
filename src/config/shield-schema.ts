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
          'How long a successful login is answered from the cache. A disabled account or a changed group takes effect after this time at the latest; a group that is removed from another group up to 30 s later. `0s`: never.',
      }),
    staleIfError: duration({ min: 0, max: 24 * HOURS })
      .prefault('0s')
      .meta({
        description:
          'How long a successful login may be answered from the cache while the backend is down. `0s`: never.',
      }),
    rememberWrong: duration({ min: 0, max: 24 * HOURS })
      .prefault('5m')
      .meta({
        description:
          'How long the same wrong password for the same account is refused without asking the backend. This also holds when it has become the correct password meanwhile; `fairlead flush` ends it. Not shorter than `wrongPasswords.window`, or a password that a client keeps sending is counted again.',
      }),
    rememberRefused: duration({ min: 0, max: 5 * MINUTES })
      .prefault('30s')
      .meta({
        description:
          'How long an unknown user, or an account that may not log in, is refused without asking the backend. With an OpenID provider, a locked or disabled account is put on hold for one minute, and an account that needs a second factor for ten minutes, whatever the password; `0s` switches that off as well.',
      }),
    wrongPasswords: z
      .strictObject({
        max: z.int().min(0).max(100).default(3).meta({
          description:
            'How many different wrong passwords for one account reach the backend within the window. Keep it below the lockout threshold of the directory. `0`: no limit.',
        }),
        maxPerAddress: z.int().min(0).max(100_000).default(100).meta({
          description:
            'How many refused logins from one client address are allowed within the window. Further logins from the address are refused without asking the backend. Raise it where many people share one address. The IPv6 addresses of one network (the first 64 bits) count as one. `0`: no limit.',
        }),
        window: duration({ min: 10, max: 24 * HOURS })
          .prefault('5m')
          .meta({
            description: 'The window, measured from the first wrong password',
          }),
        answer: z.literal([401, 429]).default(429).meta({
          description: 'The HTTP status of logins refused by these limits. Use 401 for clients that do not know 429.',
        }),
      })
      .prefault({})
      .meta({ description: 'Limits that stop password guessing before the directory locks the account' }),
  })
  .prefault({})
  .meta({ description: 'The login cache and the limits on wrong passwords, for all backends' });
