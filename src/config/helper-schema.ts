/** The section `helper`: logins of the credential helper, which people allow in their browser. */
import { z } from 'zod';

export const helper = z
  .strictObject({
    device: z.boolean().default(true).meta({
      description:
        'Whether people may sign in a program on another machine by typing its code at `/device`. Attackers send people codes of their own; without it, programs are signed in on the machine of the browser only.',
    }),
    sameNetwork: z.enum(['warn', 'require', 'off']).default('warn').meta({
      description:
        'What happens when the program with the code is in another network than the browser. `warn`: the page says so. `require`: it is refused. `off`: nothing, for people behind changing addresses.',
    }),
  })
  .meta({
    description:
      'Lets people sign in the [credential helper](../credential-helper.md) in their browser, instead of a stored password. `{}` takes the defaults. It needs `console`, and `refreshTokens` of a service. Default: it is not offered.',
  });
