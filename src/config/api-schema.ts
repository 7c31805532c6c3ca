/** The section `api` of broker.yaml. */
import { z } from 'zod';

/** A pattern would make administrators of users that nobody thought of. */
const name = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[^*{}]+$/, 'expected a name, without *, { and }');
const names = z.array(name).min(1).max(100).optional();

const people = z
  .strictObject({
    users: names.meta({ description: 'User names, as a policy writes them' }),
    groups: names.meta({ description: 'Group names or DNs. A DN is compared as a DN (RFC 4514).' }),
  })
  .refine(({ users, groups }) => users !== undefined || groups !== undefined, {
    error: 'expected users or groups, found none of them',
  })
  .optional();

export const api = z
  .strictObject({
    admins: people.meta({
      description:
        'Who may use the whole API with a personal token whose limit is `api: admin`: flush the login cache, revoke tokens, end accounts',
    }),
    readers: people.meta({
      description:
        'Who may use the operations of the API that change nothing, with a personal token whose limit is `api: read` or `admin`. Administrators may, too.',
    }),
  })
  .refine(({ admins, readers }) => admins !== undefined || readers !== undefined, {
    error: 'expected admins or readers, found none of them',
  })
  .optional()
  .meta({
    description:
      'Serve the [API](../api.md) on the listener of `admin`, for personal tokens with a limit for the API. What their owners may do is looked up at each request. Default: it is served on the control socket alone, for the user that the broker runs as.',
  });
