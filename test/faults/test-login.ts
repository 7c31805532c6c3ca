/** Faults in the test login of administrators, in the state of backends, and in what is shown as asleep. */
import type { Fault } from './fault.ts';

const TEST_LOGIN = ['test/unit/flows/test-login.test.ts'];
const PAGE = ['test/unit/http/console/backends.test.ts'];
const ASLEEP = ['test/unit/app/asleep.test.ts'];
const ATTEMPTS = 'src/flows/shield/test-attempts.ts';
const FLOW = 'src/flows/test-login.ts';
const BUSY = 'src/core/refuse-while-busy.ts';

export const faults: readonly Fault[] = [
  {
    id: 'test-login-1',
    effect: 'an administrator, or whoever has stolen the session, tries passwords without end',
    file: FLOW,
    find: "if (admission.kind === 'limited') {",
    replace: "if (admission.kind === 'limited' && deps.backends.length === 0) {",
    tests: TEST_LOGIN,
  },
  {
    id: 'test-login-2',
    effect: 'tests of logins lock an account of the directory',
    file: FLOW,
    find: 'attempts.ask(authenticator, login, attempt, onRefusal)',
    replace: '(login === undefined || onRefusal === undefined ? attempt() : attempt())',
    tests: TEST_LOGIN,
  },
  {
    id: 'test-login-3',
    effect: 'the audit log has the passwords that administrators test',
    file: FLOW,
    find: 'by: by.username, username } as const;',
    replace: 'by: by.username, username: `${username} ${credential.password.reveal()}` } as const;',
    tests: [...TEST_LOGIN, ...PAGE],
  },
  {
    id: 'test-login-4',
    effect: 'a test puts an account on hold, and its owner is refused',
    file: ATTEMPTS,
    find: 'const { hold: _, ...settlement } = guard.settlement(outcome);',
    replace: 'const settlement = guard.settlement(outcome);',
    tests: TEST_LOGIN,
  },
  {
    id: 'test-login-5',
    effect: 'a test trusts the network of the administrator for the tested name',
    file: ATTEMPTS,
    find: '        await ledger.settle(settlement);',
    replace:
      '        const trust = { keys: loginKeys(deps, credential, client).trust, seconds: 60 };\n' +
      '        await ledger.settle({ ...settlement, trust });',
    tests: TEST_LOGIN,
  },
  {
    id: 'test-login-6',
    effect: 'the trust of the owner gives tests the attempt that is left for the owner',
    file: ATTEMPTS,
    find: 'const keys = { trust: nobodyTrusted(deps), network, site };',
    replace: 'const keys = { trust: loginKeys(deps, credential, client).trust, network, site };',
    tests: TEST_LOGIN,
  },
  {
    id: 'test-login-7',
    effect: 'tests of logins run at the same time, and load the directory',
    file: BUSY,
    find: '    if (isBusy) return refuse();\n',
    replace: '',
    tests: TEST_LOGIN,
  },
  {
    id: 'test-login-12',
    effect: 'after a test of a login that failed, all later ones are refused until the broker is started again',
    file: BUSY,
    find: '      isBusy = false;\n',
    replace: '',
    tests: ['test/unit/core/refuse-while-busy.test.ts'],
  },
  {
    id: 'test-login-8',
    effect: 'the result of a test is shown although its audit line is lost',
    file: FLOW,
    find: 'await audit.commit([{ ...event, ...resultOf(traced) }]);',
    replace: 'void audit.commit([{ ...event, ...resultOf(traced) }]).catch(() => undefined);',
    tests: TEST_LOGIN,
  },
  {
    id: 'test-login-9',
    effect: 'whoever finds the browser of an administrator open tries passwords',
    file: 'src/http/console/backends.ts',
    find: 'router.post(TEST, requireAdmin, requireRecent,',
    replace: 'router.post(TEST, requireAdmin,',
    tests: PAGE,
  },
  {
    id: 'test-login-10',
    effect: 'everybody who has signed in tests logins',
    file: 'src/http/console/backends.ts',
    find: 'router.post(TEST, requireAdmin, requireRecent,',
    replace: 'router.post(TEST, tools.requireSession, requireRecent,',
    tests: ['test/unit/http/console/areas.test.ts'],
  },
  {
    id: 'test-login-11',
    effect: 'a test of a directory login sends the password without asking the guard',
    file: 'src/backends/ldap/authenticator.ts',
    find: '{ login: username, password, deadline, guard, trace });',
    replace: '{ login: username, password, deadline, trace });',
    tests: ['test/integration/test-login.test.ts'],
  },
  {
    id: 'backend-state-1',
    effect: 'the page says of each backend that it answers since a moment ago',
    file: 'src/app/backend-states.ts',
    find: 'const since = hasChanged ? askedAt : last.since;',
    replace: 'const since = askedAt;',
    tests: ['test/unit/app/backend-states.test.ts'],
  },
  {
    id: 'backend-state-2',
    effect: 'a slow directory looks fast, because the answers of the cache count',
    file: 'src/platform/audit/login-times.ts',
    find: "if (event.type !== 'login' || event.source !== 'backend') return;",
    replace: "if (event.type !== 'login') return;",
    tests: ['test/unit/platform/audit/login-times.test.ts'],
  },
  {
    id: 'asleep-1',
    effect: 'a token is shown as valid in the second in which its account falls asleep, and after it',
    file: 'src/backends/oidc-sign-in/accounts/asleep.ts',
    find: 'now - account.lastSignIn >= accounts.every',
    replace: 'now - account.lastSignIn > accounts.every',
    tests: ASLEEP,
  },
  {
    id: 'asleep-2',
    effect: 'a list of tokens reads the account of each token again',
    file: 'src/app/asleep.ts',
    find: 'if (keys.size > MOST_READS) return',
    replace: 'if (keys.size > 1000 * MOST_READS) return',
    tests: ASLEEP,
  },
  {
    id: 'test-login-14',
    effect: 'the headline of a failed test names a step of a backend that was not the last one',
    file: 'src/pages/admin/test-login.ts',
    find: "steps[steps.findLastIndex(({ state }) => state !== 'failed') + 1]",
    replace: "steps.find(({ state }) => state === 'failed')",
    tests: PAGE,
  },
  {
    id: 'test-login-13',
    effect: 'a login without groups looks as if nothing were missing',
    file: 'src/flows/trace-login.ts',
    find: 'return { ok: true, isWarning: true, text: `${text}, no group',
    replace: 'return { ok: true, text: `${text}, no group',
    tests: PAGE,
  },
];
