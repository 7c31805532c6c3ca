/** The section `console`: pages for people, with sessions of their browsers. */
import { z } from 'zod';
import { duration } from '../backends/fields.ts';
import { compileWho } from '../core/policy/who.ts';
import type { CompiledWho } from '../core/policy/who.ts';
import { whoKeys, whoOf } from './who-schema.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const admins = z
  .strictObject({ users: whoKeys.users, groups: whoKeys.groups })
  .refine(({ users, groups }) => users !== undefined || groups !== undefined, {
    error: 'expected users or groups, found neither of them',
  })
  .transform((written, context): CompiledWho =>
    compileWho(whoOf(written), (path, message) => {
      context.addIssue({ code: 'custom', path: [...path], message });
    }),
  )
  .optional()
  .meta({
    description:
      'Who sees the pages for administrators. It is compared with the names and groups at each request. Default: nobody.',
  });

const sessions = z
  .strictObject({
    idle: duration({ min: 5 * MINUTE, max: 30 * DAY })
      .prefault('8h')
      .meta({ description: 'How long a session is valid after its last use' }),
    absolute: duration({ min: 5 * MINUTE, max: 30 * DAY })
      .prefault('12h')
      .meta({ description: 'How long a session is valid after the sign-in, however often it is used' }),
  })
  .prefault({})
  .meta({ description: 'How long people stay signed in' });

export const consoleSection = z.strictObject({ admins, sessions }).meta({
  description:
    'Pages for people at `publicUrl`: sign-in with a browser, and what belongs to it. `{}` takes the defaults. `publicUrl` must begin with https, or name this machine. Default: there are no pages and no sessions.',
});
