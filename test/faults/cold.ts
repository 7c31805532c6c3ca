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
];
