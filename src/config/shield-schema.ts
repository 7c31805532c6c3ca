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
      .prefault('30m')
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
        max: z.int().min(0).max(100).default(4).meta({
          description:
            'How many different wrong passwords for one account reach the backend within the window. The last one is left to logins that are trusted: with a password that was correct in the last week, or from a network from which the account logged in. It is also the limit of a user name from one client network, whatever the backend, and 25 times as many from all networks together. Keep it below the lockout threshold of the directory; `fairlead check --connect` compares them. `0`: no limit.',
        }),
        maxPerAddress: z.int().min(0).max(100_000).default(200).meta({
          description:
            'How many refused logins from one client address are allowed within the window, measured from the first one. Further logins from the address are refused without asking the backend, except those of users who have logged in from there. Raise it where many people share one address. IPv6 addresses are counted by their /64, /56 (4 times as many) and /48 (16 times), IPv4 addresses by address and /24 (8 times). `0`: no limit.',
        }),
        window: duration({ min: 10, max: 24 * HOURS })
          .prefault('30m')
          .meta({
            description:
              'How long wrong passwords of an account count, measured from the last one, as directories do. Not shorter than the window of the directory.',
          }),
        answer: z.literal([401, 429]).default(429).meta({
          description:
            'The HTTP status of logins refused by the limits of a name or an address. Use 401 for clients that do not know 429. The limit of an account is always answered as a wrong password.',
        }),
      })
      .prefault({})
      .meta({ description: 'Limits that stop password guessing before the directory locks the account' }),
  })
  .prefault({})
  .meta({ description: 'The login cache and the limits on wrong passwords, for all backends' });
