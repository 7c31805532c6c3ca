/** The keys that say who is meant, of a rule and of its exceptions. */
import { z } from 'zod';
import type { Who } from '../core/policy/document.ts';

export const names = z.array(z.string().min(1)).min(1);

export const whoKeys = {
  users: names.optional().meta({
    description:
      "User names. `*` matches any characters, `{name}` captures them. `['*']` is any user who has logged in. Robots are `robot:NAME`; no other pattern matches them.",
  }),
  groups: names.optional().meta({
    description: 'Group names or DNs. A DN is compared as a DN (RFC 4514). `*` and `{name}` work as in `users`.',
  }),
  everyone: z.boolean().optional().meta({ description: '`true`: anybody, anonymous included' }),
};

export const NOBODY_NAMED = 'expected users, groups or everyone: true, found none of them';

export function namesSomebody(who: {
  readonly users?: unknown;
  readonly groups?: unknown;
  readonly everyone?: boolean | undefined;
}): boolean {
  return who.users !== undefined || who.groups !== undefined || who.everyone === true;
}

interface WhoFile {
  readonly users?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly everyone?: boolean | undefined;
}

export function whoOf({ users = [], groups = [], everyone = false }: WhoFile): Who {
  return { users, groups, everyone };
}
