/** Faults in sign-in with a browser and in the sessions that it opens. */
import type { Fault } from './fault.ts';

const SESSION = ['test/unit/flows/session.test.ts'];
const CONSOLE = ['test/unit/http/console.test.ts'];
const OWN_PATH = ['test/unit/http/own-path.test.ts'];
const SEALING = ['test/unit/platform/sealing.test.ts'];
const ANSWER = ['test/unit/backends/oidc-sign-in/answer.test.ts'];
const SIGN_IN = ['test/integration/oidc-sign-in.test.ts'];
const ACCOUNTS = ['test/unit/backends/oidc-sign-in/accounts/last-sign-in.test.ts'];
const LOGOUT_TOKEN = ['test/unit/backends/oidc-sign-in/logout-token.test.ts'];

export const faults: readonly Fault[] = [
  {
    id: 'sign-in-1',
    effect: 'a stolen personal token opens a session, in which its thief makes further tokens',
    file: 'src/flows/session/open.ts',
    find: 'if (caller.via !== undefined) {',
    replace: 'if (caller === undefined) {',
    tests: SESSION,
  },
  {
    id: 'sign-in-2',
    effect: 'a session that an attacker planted before the sign-in stays valid after it',
    file: 'src/flows/session/open.ts',
    find: 'if (previous !== undefined) await',
    replace: 'if (previous === undefined) await',
    tests: SESSION,
  },
  {
    id: 'sign-in-3',
    effect: 'a disabled account stays signed in until its session is over',
    file: 'src/flows/session/find.ts',
    find: 'return identity === undefined ? { refusal } : { identity };\n  }',
    replace:
      'return { identity: identity ?? ({ ...session, groups: new Set(), attributes: new Map() } as never) };\n  }',
    tests: SESSION,
  },
  {
    id: 'sign-in-4',
    effect: 'a session in use never ends',
    file: 'src/core/session.ts',
    find: 'return Math.min(usedAt + idle, createdAt + absolute);',
    replace: 'return usedAt + idle + 0 * (createdAt + absolute);',
    tests: SESSION,
  },
  {
    id: 'sign-in-5',
    effect: 'a person ends the sessions of others, by their ids',
    file: 'src/flows/session/list.ts',
    find: '&& sessionOwner(value) === owner',
    replace: "&& owner !== ''",
    tests: SESSION,
  },
  {
    id: 'sign-in-6',
    effect: 'a page of another host of the same site sends forms with the cookie of a session',
    file: 'src/http/same-origin.ts',
    find: "site === 'same-origin'",
    replace: "site !== 'cross-site'",
    tests: CONSOLE,
  },
  {
    id: 'sign-in-7',
    effect: 'a request without fetch metadata and without an origin passes for one of our own pages',
    file: 'src/http/same-origin.ts',
    find: 'headers.origin === own',
    replace: '(headers.origin ?? own) === own',
    tests: CONSOLE,
  },
  {
    id: 'sign-in-8',
    effect: 'a page that a feature adds at a path of its own has no check of the origin',
    file: 'src/http/console/index.ts',
    find: 'router.use(folders, pageHeaders(isSecure), requireSameOrigin(origin));',
    replace: "router.use(['/console', '/sign-in', '/sign-out'], pageHeaders(isSecure), requireSameOrigin(origin));",
    tests: CONSOLE,
  },
  {
    id: 'sign-in-9',
    effect: 'a link to the sign-in leads to another server afterwards',
    file: 'src/http/console/own-path.ts',
    find: 'const PLAIN = /^\\/(?!\\/)[\\x21-\\x5B\\x5D-\\x7E]*$/;',
    replace: 'const PLAIN = /^/;',
    tests: OWN_PATH,
  },
  {
    id: 'sign-in-10',
    effect: 'dots in the page after a sign-in lead to any path of this host',
    file: 'src/http/console/own-path.ts',
    find: 'return PAGES.test(path) ? path : undefined;',
    replace: 'return path;',
    tests: OWN_PATH,
  },
  {
    id: 'sign-in-11',
    effect: 'somebody who has left the group of administrators keeps their pages',
    file: 'src/http/console/session.ts',
    find: 'if (signedIn?.isAdmin !== true)',
    replace: 'if (signedIn === undefined)',
    tests: CONSOLE,
  },
  {
    id: 'sign-in-12',
    effect: 'a sealed transaction is valid for ever',
    file: 'src/platform/sealing.ts',
    find: '.setExpirationTime(clock.now() + seconds)',
    replace: '.setExpirationTime(clock.now() + seconds + 1e9)',
    tests: SEALING,
  },
  {
    id: 'sign-in-13',
    effect: 'what is sealed for another use passes for a sign-in',
    file: 'src/platform/sealing.ts',
    find: '        audience: use,\n',
    replace: '',
    tests: SEALING,
  },
  {
    id: 'sign-in-14',
    effect: 'a provider is sent the code of another one (mix-up)',
    file: 'src/backends/oidc-sign-in/answer.ts',
    find: 'if (iss === undefined ? namesIssuer : iss !== issuer) {',
    replace: 'if (issuer === undefined && namesIssuer) {',
    tests: ANSWER,
  },
  {
    id: 'sign-in-15',
    effect: 'an ID token of another sign-in signs in',
    file: 'src/backends/oidc-sign-in/sign-in.ts',
    find: "if (claims === undefined || claims['nonce'] !== answer.transaction.nonce) {",
    replace: 'if (claims === undefined) {',
    tests: SIGN_IN,
  },
  {
    id: 'sign-in-16',
    effect: 'an attacker signs somebody in as himself, with an answer that the browser of the victim has not begun',
    file: 'src/http/console/provider-strategy.ts',
    find: "if (sealed === undefined) throw new BrokerError('sign_in_invalid', 'this browser has not begun the sign-in');",
    replace: '',
    tests: SIGN_IN,
  },
  {
    id: 'sign-in-17',
    effect: 'a second tab loses the sign-in of the first',
    file: 'src/http/console/cookies.ts',
    find: 'set(response, { name: `${prefix}${state}`, value: sealed, maxAge: seconds });',
    replace:
      'for (const old of begun) clear(response, old);\n      set(response, { name: `${prefix}${state}`, value: sealed, maxAge: seconds });',
    tests: SIGN_IN,
  },
  {
    id: 'sign-in-18',
    effect: 'tokens of somebody who has left work for ever',
    file: 'src/backends/oidc-sign-in/accounts/last-sign-in.ts',
    find: "if (age < every) return { kind: 'authenticated', identity };",
    replace: "if (age < Infinity) return { kind: 'authenticated', identity };",
    tests: ACCOUNTS,
  },
  {
    id: 'sign-in-19',
    effect: 'an ID token passes for a logout token, so that whoever has one ends the sessions of its person',
    file: 'src/backends/oidc-sign-in/logout-token.ts',
    find: "if (!isObject(events) || !isObject(events[EVENT])) return 'it announces no logout (events)';",
    replace: '',
    tests: LOGOUT_TOKEN,
  },
  {
    id: 'sign-in-20',
    effect: 'a disabled account of the directory signs in at the provider',
    file: 'src/flows/sign-in/provider.ts',
    find: 'if (identity === undefined) throw',
    replace: 'if (found === undefined) throw',
    tests: SIGN_IN,
  },
  {
    id: 'sign-in-21',
    effect: 'a person whose tokens are asleep reads that they have ended, and creates them again',
    file: 'src/flows/revalidate.ts',
    find: "outcome.reason === 'sign-in-due'",
    replace: "outcome.reason === 'held'",
    tests: ['test/unit/flows/exchange-refresh-token.test.ts'],
  },
];
