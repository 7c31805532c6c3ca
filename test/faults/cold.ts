/** Faults in what makes a login cheap: fewer digests, parsed names and messages must not change an answer. */
import type { Fault } from './fault.ts';

const WIRE = 'src/backends/ldap/wire';
const UNIT = 'test/unit/backends/ldap';

export const faults: readonly Fault[] = [
  {
    id: 'invariant-bind-answer',
    effect: 'a server that ends a search with success in place of the answer to a bind makes any password correct',
    file: `${WIRE}/message-socket.ts`,
    find: 'operation === pending.endsWith && result !== undefined',
    replace: 'result !== undefined',
    tests: [`${UNIT}/wire/message-socket.test.ts`],
  },
  {
    id: 'cold-2',
    effect: 'a late answer to one request becomes the answer to the next, which may be about another user',
    file: `${WIRE}/message-socket.ts`,
    find: 'if (pending?.id !== id) return;',
    replace: 'if (pending === undefined) return;',
    tests: [`${UNIT}/wire/message-socket.test.ts`],
  },
  {
    id: 'cold-3',
    effect: 'a user name that ends with the begin of a password finds the cached login of another user',
    file: 'src/platform/fingerprint.ts',
    find: '`${Buffer.byteLength(text)}:${text}`',
    replace: 'text',
    tests: ['test/unit/platform/fingerprint.test.ts'],
  },
  {
    id: 'cold-4',
    effect:
      'whoever reads the memory of the login cache can try passwords against its keys without the key of the process',
    file: 'src/platform/fingerprint.ts',
    find: 'randomBytes(32)',
    replace: 'Buffer.alloc(32)',
    tests: ['test/unit/platform/fingerprint.test.ts'],
  },
  {
    id: 'cold-5',
    effect: 'a group whose DN the directory writes in another case is another group, and a deny rule misses it',
    file: 'src/core/dn.ts',
    find: 'if (WORDS.test(value)) return value.toLowerCase();',
    replace: 'if (WORDS.test(value)) return value;',
    tests: ['test/unit/core/groups.test.ts'],
  },
  {
    id: 'cold-6',
    effect: 'the first bind of a new password of the service account waits as long as other binds arrive',
    file: 'src/backends/ldap/servers/semaphore.ts',
    find: 'if (queue.length === 0 && permits <= free) free -= permits;',
    replace: 'if (permits <= free) free -= permits;',
    tests: [`${UNIT}/servers/semaphore.test.ts`],
  },
  {
    id: 'cold-7',
    effect: 'two entries that a login matches log in as the first of them',
    file: 'src/backends/ldap/users/user-search.ts',
    find: 'if (only !== undefined && entries.length === 1)',
    replace: 'if (only !== undefined)',
    tests: [`${UNIT}/users/user-search.test.ts`],
  },
  {
    id: 'cold-8',
    effect: 'a line is cut where the reader of the log stops, or lines of another process come between its parts',
    file: 'src/platform/line-writer.ts',
    find: `stats.isFIFO() ? 'pipe' : 'other'`,
    replace: `'other'`,
    tests: ['test/unit/platform/line-writer.test.ts'],
  },
  {
    id: 'cold-9',
    effect: 'a login takes a round trip more: the groups are read only after the directory has verified the password',
    file: 'src/backends/ldap/login/password-login.ts',
    find: '  const groups = readGroups();\n',
    replace: '  const groups = bound.then(readGroups);\n',
    tests: [`${UNIT}/login/round-trips.test.ts`],
  },
  {
    id: 'cold-10',
    effect:
      'a wrong password is answered as an outage, and the next server gets it too, when the groups cannot be read',
    file: 'src/backends/ldap/login/password-login.ts',
    find: '  const verdict = await bound;',
    replace: '  const [verdict] = await Promise.all([bound, groups]);',
    tests: [`${UNIT}/login/round-trips.test.ts`],
  },
  {
    id: 'cold-11',
    effect: 'a search for groups that fails after a refusal ends the process',
    file: 'src/backends/ldap/login/password-login.ts',
    find: '  groups.catch(() => undefined);\n',
    replace: '',
    tests: [`${UNIT}/login/round-trips.test.ts`],
  },
  {
    id: 'cold-12',
    effect: 'groups that cannot be read count as none, so that a deny rule misses them',
    file: 'src/backends/ldap/login/password-login.ts',
    find: '  const groups = readGroups();\n',
    replace: '  const groups = readGroups().catch(() => new Set<GroupName>());\n',
    tests: [`${UNIT}/login/round-trips.test.ts`],
  },
  {
    id: 'cold-13',
    effect: 'an operation with a short time limit waits for the long time limit of one before it',
    file: `${WIRE}/deadline-timer.ts`,
    find: 'if (work.at < this.#firesAt) this.#fireAt(work.at);',
    replace: 'if (this.#firesAt === Infinity) this.#fireAt(work.at);',
    tests: [`${UNIT}/wire/deadline-timer.test.ts`],
  },
  {
    id: 'cold-14',
    effect: 'only the first operation that is late is given up, and the others wait for ever',
    file: `${WIRE}/deadline-timer.ts`,
    find: '    if (next < Infinity) this.#fireAt(next);\n',
    replace: '',
    tests: [`${UNIT}/wire/deadline-timer.test.ts`],
  },
  {
    id: 'cold-15',
    effect:
      'every request stays in memory until the whole heap is collected, which takes a tenth of the processor time',
    file: 'src/core/short-lived-map.ts',
    find: '    box.value = undefined;\n',
    replace: '',
    tests: ['test/unit/core/short-lived-map.test.ts'],
  },
  {
    id: 'cold-16',
    effect: 'a connection that the server has closed, or of earlier certificates, is used again',
    file: 'src/backends/ldap/servers/pool.ts',
    find: 'last !== undefined && this.#isUsable(last) && this.#isRecent(last)',
    replace: 'last !== undefined && this.#isRecent(last)',
    tests: [`${UNIT}/servers/pool.test.ts`],
  },
];
