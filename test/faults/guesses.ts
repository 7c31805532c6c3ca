/** Faults in the limits of guesses, in refusals and in what a login issues. */
import type { Fault } from './fault.ts';

const LIMITS = 'test/unit/flows/shield-limits.test.ts';
const HASH_QUEUE = 'src/backends/hash-queue.ts';
const HASH_QUEUE_TEST = 'test/unit/backends/hash-queue.test.ts';
const PASSWORD_LOGIN = 'test/unit/backends/ldap/login/password-login.test.ts';
const ISSUE_ORDER = 'test/unit/http/issue-order.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'guesses-1',
    effect: 'a refresh token is stored before its audit line is committed',
    file: 'src/http/token.ts',
    find: '      const issued = await grant(authenticated, draft, deps.grantToken);\n      if (draft !== undefined) await store(draft, context, deps.audit);\n',
    replace:
      '      if (draft !== undefined) await store(draft, context, deps.audit);\n      const issued = await grant(authenticated, draft, deps.grantToken);\n',
    tests: [ISSUE_ORDER],
  },
  {
    id: 'guesses-2',
    effect: 'the line of a refresh token is not committed with that of its registry token',
    file: 'src/flows/grant-token.ts',
    find: 'await deps.audit.commit([event, ...alsoIssued]);',
    replace: 'await deps.audit.commit([event]);',
    tests: [ISSUE_ORDER],
  },
  {
    id: 'guesses-3',
    effect: 'a refresh token that could not be stored stays issued in the audit trail',
    file: 'src/http/token.ts',
    find: "    audit.record({ type: 'token.withheld', request, cause: 'the refresh token could not be stored' });\n",
    replace: '',
    tests: [ISSUE_ORDER],
  },
  {
    id: 'guesses-4',
    effect: 'one password with every realm counts once for the address',
    file: 'src/flows/shield/budgets.ts',
    find: '        guess: login,\n',
    replace: '',
    tests: [LIMITS],
  },
  {
    id: 'guesses-5',
    effect: 'one password with every realm at the same time counts once for the address',
    file: 'src/flows/shield/admission.ts',
    find: 'const { login: key } = keys;',
    replace: 'const { attempt: key } = keys;',
    tests: [LIMITS],
  },
  {
    id: 'guesses-6',
    effect: 'one wrong password uses up the limit of a name when it comes in several spellings at the same time',
    file: 'src/platform/ledger/memory.ts',
    find: "if (outcome === 'wrong' && counts)",
    replace: "if (outcome === 'wrong')",
    tests: [LIMITS],
  },
  {
    id: 'guesses-7',
    effect: 'guesses from one site keep the owner of an account in a directory out',
    file: 'src/flows/shield/budgets.ts',
    find: 'Math.max(2, max - 2)',
    replace: 'Math.max(2, max - 1)',
    tests: [LIMITS],
  },
  {
    id: 'guesses-8',
    effect: 'unknown users are never refused under load, and known ones are: an oracle of names',
    file: HASH_QUEUE,
    find: 'if (running < atOnce) {',
    replace: 'if (running < atOnce || isUnknown) {',
    tests: [HASH_QUEUE_TEST],
  },
  {
    id: 'guesses-9',
    effect: 'many passwords for one name take longer when it exists',
    file: HASH_QUEUE,
    find: 'if (rank > 0) await keepPace(request);',
    replace: 'if (rank > 0 && !request.isUnknown) await keepPace(request);',
    tests: [HASH_QUEUE_TEST],
  },
  {
    id: 'guesses-10',
    effect: 'a wrong password of a user who logged in lately has a better place than that of an unknown user',
    file: 'src/backends/password-hash.ts',
    find: '.update(hash.mark()).update(bytes).digest',
    replace: '.update(hash.mark()).digest',
    tests: ['test/unit/backends/password-hash.test.ts'],
  },
  {
    id: 'guesses-11',
    effect: 'hashes of unknown users take a whole processor',
    file: HASH_QUEUE,
    find: '(1 / UNKNOWN_SHARE - 1)',
    replace: '0',
    tests: [HASH_QUEUE_TEST],
  },
  {
    id: 'guesses-12',
    effect: 'a flood of refused logins is answered as fast as it comes, and slows down the logins of users',
    file: 'src/flows/refusal-time.ts',
    find: 'Math.max(before, now, (waiting / REFUSALS_PER_SECOND) * 1000)',
    replace: 'Math.max(before, now)',
    tests: ['test/unit/flows/refusal-time.test.ts'],
  },
  {
    id: 'guesses-13',
    effect: 'after an accepted bind with a template, a failover binds again and uses a second grace login',
    file: 'src/backends/ldap/login/password-login.ts',
    find: '      isVerified = true;\n',
    replace: '',
    tests: [PASSWORD_LOGIN],
  },
  {
    id: 'guesses-14',
    effect: 'a user who reads the own entry binds at a second server after a failover',
    file: 'src/backends/ldap/login/password-login.ts',
    find: 'error.with({ canFailOver: false, sent: true })',
    replace: 'error',
    tests: [PASSWORD_LOGIN],
  },
];
