/** Faults in how the LDAP backend treats the directories that exist. */
import type { Fault } from './fault.ts';

const SRC = 'src/backends/ldap';
const UNIT = 'test/unit/backends/ldap';

export const faults: readonly Fault[] = [
  {
    id: 'directories-1',
    effect: 'a controller without a logon server makes every password wrong',
    file: `${SRC}/servers/judge-bind.ts`,
    find: "  '51f',\n",
    replace: '',
    tests: [`${UNIT}/servers/judge-bind.test.ts`],
  },
  {
    id: 'directories-2',
    effect: 'a service account whose password never expires cannot log in',
    file: `${SRC}/attempt/account-state.ts`,
    find: 'return mustChange && !neverExpires',
    replace: 'return mustChange',
    tests: [`${UNIT}/attempt/account-state.test.ts`],
  },
  {
    id: 'directories-3',
    effect: 'an expired password of FreeIPA logs in',
    file: `${SRC}/attempt/account-state.ts`,
    find: "isPast('krbPasswordExpiration')",
    replace: 'false',
    tests: [`${UNIT}/attempt/account-state.test.ts`],
  },
  {
    id: 'directories-4',
    effect: 'an integer whose first bit is set is sent as a negative one',
    file: `${SRC}/wire/ber.ts`,
    find: '(bytes[0] ?? 0) < 0x80',
    replace: 'bytes.length > 0',
    tests: [`${UNIT}/wire/control.test.ts`],
  },
  {
    id: 'directories-5',
    effect: 'a login with another domain binds as a user of this one',
    file: `${SRC}/config/name-template.ts`,
    find: 'FORBIDDEN.test(name) ? undefined',
    replace: "name === ' ' ? undefined",
    tests: [`${UNIT}/config/name-template.test.ts`],
  },
  {
    id: 'directories-6',
    effect: 'a bad client certificate is taken for a wrong password',
    file: `${SRC}/servers/judge-bind.ts`,
    find: "diagnostic === '' || /password/i.test(diagnostic) ? refusals[code]",
    replace: 'diagnostic.length >= 0 ? refusals[code]',
    tests: [`${UNIT}/servers/judge-bind.test.ts`],
  },
];
