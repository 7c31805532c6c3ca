/** Faults in the LDAP backend. `review-N` has the number N of a code review. */
import type { Fault } from './fault.ts';

const SRC = 'src/backends/ldap';
const UNIT = 'test/unit/backends/ldap';

export const faults: readonly Fault[] = [
  {
    id: 'review-14',
    effect: 'an old connection that a firewall has dropped is used without a check, and the login fails',
    file: `${SRC}/servers/pool.ts`,
    find: 'const PING_AFTER_MS = 1000;',
    replace: 'const PING_AFTER_MS = 1e9;',
    tests: [`${UNIT}/servers/pool.test.ts`],
  },
  {
    id: 'review-15',
    effect: 'binds of the service account wait for nothing after another one has given up',
    file: `${SRC}/servers/semaphore.ts`,
    find: `      // It may have been the only reason why those behind it had to wait.
      admitNext();
`,
    replace: '',
    tests: [`${UNIT}/servers/semaphore.test.ts`],
  },
  {
    id: 'review-16',
    effect: 'a burst of wrong passwords locks an account',
    file: `${SRC}/attempt/attempts-since-read.ts`,
    find: 'const TTL_MS = 10_000;',
    replace: 'const TTL_MS = 1000;',
    tests: [`${UNIT}/attempt/attempts-since-read.test.ts`],
  },
  {
    id: 'review-17',
    effect: 'an expired account of Active Directory is reported as locked',
    file: `${SRC}/servers/judge-bind.ts`,
    find: `'701': 'expired'`,
    replace: `'701': 'locked'`,
    tests: [`${UNIT}/servers/judge-bind.test.ts`],
  },
  {
    id: 'review-18',
    effect: 'a wrong password of the service account is tried every five seconds until the account is locked',
    file: `${SRC}/servers/bind-backoff.ts`,
    find: 'before.milliseconds * 2',
    replace: 'before.milliseconds',
    tests: [`${UNIT}/servers/bind-backoff.test.ts`],
  },
  {
    id: 'review-19',
    effect: 'a password that may have arrived is sent again on a new connection: a second attempt at the account',
    file: `${SRC}/servers/server.ts`,
    find: `({ kind, sent }) => kind === 'lost' && !sent`,
    replace: `({ kind }) => kind === 'lost'`,
    tests: [`${UNIT}/servers/server.test.ts`, `${UNIT}/login/password-login.test.ts`],
  },
  {
    id: 'ldap-1',
    effect: 'after a flush, a user keeps groups that the directory has already taken away',
    file: 'src/backends/ttl-cache.ts',
    find: '            if (begunIn !== generation) return;\n',
    replace: '',
    tests: ['test/unit/backends/ttl-cache.test.ts'],
  },
  {
    id: 'ldap-2',
    effect: 'a password whose answer was lost is sent to the next server: a second attempt at the account',
    file: `${SRC}/attempt/verify-password.ts`,
    find: 'error.with({ canFailOver: false })',
    replace: 'error',
    tests: [`${UNIT}/login/password-login.test.ts`],
  },
  {
    id: 'ldap-3',
    effect: 'an empty password is sent, which is an anonymous bind and succeeds: everybody logs in as everybody',
    file: `${SRC}/authenticator.ts`,
    find: String.raw`if (attempt.password.matches((text) => /^\0*$/.test(text)))`,
    replace: 'if (false)',
    tests: [`${UNIT}/login/password-login.test.ts`],
  },
  {
    id: 'ldap-4',
    effect: 'many logins at once send a wrong password of the service account several times and lock it',
    file: `${SRC}/servers/service-account.ts`,
    find: 'await run(MAX_CONCURRENT, async',
    replace: 'await run(1, async',
    tests: [`${UNIT}/servers/service-account.test.ts`],
  },
  {
    id: 'ldap-5',
    effect: 'somebody who may create a group outside groups.base can give it the name of a group of the policy',
    file: `${SRC}/groups/group.ts`,
    find: '    if (!isInBase) continue;\n',
    replace: '',
    tests: [`${UNIT}/groups/group.test.ts`],
  },
  {
    id: 'ldap-6',
    effect: 'a late answer to one request on a failed connection becomes the answer to the next login',
    file: `${SRC}/servers/pool.ts`,
    find: `      this.#close(pooled);
      if (isNew ||`,
    replace: `      this.#giveBack(pooled);
      if (isNew ||`,
    tests: [`${UNIT}/servers/pool.test.ts`],
  },
  {
    id: 'ldap-7',
    effect: 'a value of one attribute is read as a value of another where a directory sends a wrong length',
    file: `${SRC}/wire/ber.ts`,
    find: 'if (found === undefined || found.end > end) throw',
    replace: 'if (found === undefined) throw',
    tests: [`${UNIT}/wire/codec.test.ts`],
  },
  {
    id: 'ldap-8',
    effect: 'a directory that ignores the size limit of a search uses up the memory of the broker',
    file: `${SRC}/wire/search.ts`,
    find: 'if (found.length === MAX_ENTRIES) throw',
    replace: 'if (found.length === Infinity) throw',
    tests: [`${UNIT}/wire/connection.test.ts`],
  },
  {
    id: 'ldap-9',
    effect: 'groups are missing, and a deny rule does not apply, when a directory sends memberOf twice',
    file: `${SRC}/wire/entry.ts`,
    find: 'const all = values.get(key) ?? [];',
    replace: 'const all: Buffer[] = [];',
    tests: [`${UNIT}/wire/codec.test.ts`],
  },
];
