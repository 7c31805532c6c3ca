/** Faults in what the broker caches in compact form, which would give a login to another account or lose entries. */
import type { Fault } from './fault.ts';

const MAP = 'test/unit/platform/ledger/compact-map.test.ts';
const CACHE = 'test/unit/platform/ledger/login-cache.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'memory-1',
    effect: 'two logins whose fingerprints have the same first bytes are one, and the second user becomes the first',
    file: 'src/platform/ledger/keys.ts',
    find: 'word < WORDS; word += 1)',
    replace: 'word < 0; word += 1)',
    tests: [MAP],
  },
  {
    id: 'memory-2',
    effect: 'the old password of an account is valid after a login with the new one',
    file: 'src/platform/ledger/login-cache.ts',
    find: '      free(accounts.find(account));\n      // The same',
    replace: '      // The same',
    tests: [CACHE],
  },
  {
    id: 'memory-3',
    effect: 'users share the groups of others, because different lists of groups look equal',
    file: 'src/platform/ledger/identity-column.ts',
    find: 'JSON.stringify(list)',
    replace: 'list.join()',
    tests: [CACHE],
  },
  {
    id: 'memory-4',
    effect: 'entries vanish when the index of keys grows',
    file: 'src/platform/ledger/keys.ts',
    find: '      while (slot !== 0) {\n        const after',
    replace: '      if (slot !== 0) {\n        const after',
    tests: [MAP],
  },
  {
    id: 'memory-5',
    effect: 'a cached login is valid after its time',
    file: 'src/platform/ledger/login-cache.ts',
    find: 'slot !== 0 && slots.use(slot) ?',
    replace: 'slot !== 0 ?',
    tests: [CACHE],
  },
  {
    id: 'memory-6',
    effect: 'entries that nobody asks for again stay in memory after their time',
    file: 'src/platform/ledger/slots.ts',
    find: '      sweep(now);\n',
    replace: '',
    tests: [MAP],
  },
  {
    id: 'memory-7',
    effect: 'a token is reused for another login of the user, whose groups may have changed',
    file: 'src/flows/token-reuse.ts',
    find: 'known.login === login && ',
    replace: '',
    tests: ['test/unit/flows/token-reuse.test.ts'],
  },
  {
    id: 'memory-8',
    effect: 'two logins are one as soon as the first twelve bytes of their fingerprints are equal',
    file: 'src/platform/ledger/keys.ts',
    find: 'const BYTES = 16;',
    replace: 'const BYTES = 12;',
    tests: [MAP],
  },
  {
    id: 'memory-9',
    effect: 'a cached identity loses the id of its account, and the end of the login that a token made',
    file: 'src/platform/ledger/identity-column.ts',
    find: 'Object.keys(rest).length === 1 ? rest.username : rest',
    replace: 'rest.username',
    tests: [CACHE],
  },
  {
    id: 'memory-10',
    effect: 'users of two backends with equal groups share the backend',
    file: 'src/platform/ledger/identity-column.ts',
    find: 'digestOf([backend, caseless, groupsKey',
    replace: 'digestOf([caseless, groupsKey',
    tests: [CACHE],
  },
  {
    id: 'memory-11',
    effect: 'the key of a name that the cache returns is another key, and a budget that is used up is not seen',
    file: 'src/platform/ledger/keys.ts',
    find: 'if (!isFingerprint && !isKey)',
    replace: 'if (!isFingerprint)',
    tests: ['test/unit/platform/ledger/memory.test.ts'],
  },
  {
    id: 'memory-12',
    effect: 'the compilers of V8 take 30 MB in the first seconds of a load, which the broker keeps for ever',
    file: 'src/platform/v8-memory.ts',
    find: "  '--no-maglev-destroy-on-background',\n",
    replace: '',
    tests: ['test/unit/platform/v8-memory.test.ts'],
  },
];
