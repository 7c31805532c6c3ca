/** Faults in the pages of the console, and in what they show. */
import type { Fault } from './fault.ts';

const HTML = 'test/unit/pages/html.test.ts';
const PAGES = 'test/unit/pages/pages.test.ts';
const RECENT = 'test/unit/platform/recent-decisions.test.ts';
const CSV = 'test/unit/http/console/csv.test.ts';
const FORM = 'test/unit/http/console/token-form.test.ts';
const TOKENS = 'test/unit/http/console/tokens.test.ts';
const ACCESS = 'test/unit/http/console/access.test.ts';
const PATTERNS = 'test/unit/core/policy/granted-patterns.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'pages-1',
    effect: 'a token name with a quote leaves the attribute that it is in',
    file: 'src/pages/template/escape.ts',
    find: `  '"': '&quot;',`,
    replace: '',
    tests: [HTML],
  },
  {
    id: 'pages-2',
    effect: 'a text from outside can be a `javascript:` link',
    file: 'src/pages/template/html.ts',
    find: "    case 'url':\n      throw misplaced('a text', place);",
    replace: "    case 'url':\n      return escapeExact(text);",
    tests: [HTML],
  },
  {
    id: 'pages-3',
    effect: 'a template may have a gap in an event handler, where escaping does not help',
    file: 'src/pages/template/contexts.ts',
    find: '!CODE_ATTRIBUTE.test(state.name.toLowerCase())',
    replace: 'true',
    tests: [HTML],
  },
  {
    id: 'pages-4',
    effect: 'an id from outside can be `..`, which leads a form to another path',
    file: 'src/pages/template/url.ts',
    find: '/^[\\w-][\\w.~-]*$/',
    replace: '/^[\\w.~-]*$/',
    tests: [HTML],
  },
  {
    id: 'pages-5',
    effect: 'a file name with a right-to-left override looks like another one',
    file: 'src/pages/template/escape.ts',
    find: "text.replaceAll(BIDI_CONTROLS, '\\ufffd')",
    replace: 'text',
    tests: [HTML],
  },
  {
    id: 'pages-6',
    effect: 'everybody is offered the pages of administrators',
    file: 'src/pages/layout.ts',
    find: 'person.isAdmin &&',
    replace: 'true &&',
    tests: [PAGES],
  },
  {
    id: 'pages-7',
    effect: 'a name that begins with = is a formula in the spreadsheet of an administrator',
    file: 'src/http/console/csv.ts',
    find: 'value.replaceAll(FORMULA, "$1\'")',
    replace: 'value',
    tests: [CSV],
  },
  {
    id: 'pages-8',
    effect: 'a damaged form makes a token without limits',
    file: 'src/http/console/token-form.ts',
    find: "text('rights') === 'all' ? 'all' : 'limited'",
    replace: "text('rights') === 'limited' ? 'limited' : 'all'",
    tests: [FORM],
  },
  {
    id: 'pages-9',
    effect: 'a token that somebody typed as a user name is shown to administrators',
    file: 'src/platform/recent-decisions.ts',
    find: 'username: typed(username)',
    replace: 'username',
    tests: [RECENT],
  },
  {
    id: 'pages-10',
    effect: 'the list of decisions grows without a bound in each request',
    file: 'src/platform/recent-decisions.ts',
    find: 'grants.slice(0, MAX_SCOPES).map(scopeOf)',
    replace: 'grants.map(scopeOf)',
    tests: [RECENT],
  },
  {
    id: 'pages-11',
    effect: 'the list of what one may do has what a rule excepts one from',
    file: 'src/core/policy/granted-patterns.ts',
    find: "isException(condition) || dependsOnlyOn(condition, 'service'));",
    replace: "dependsOnlyOn(condition, 'service'));",
    tests: [PATTERNS],
  },
  {
    id: 'pages-12',
    effect: 'a browser that was left open makes tokens, hours after the sign-in',
    file: 'src/http/console/tokens.ts',
    find: 'return isRecentSignIn(response, clock.now(), RECENT_SIGN_IN);',
    replace: 'return isRecentSignIn(response, clock.now(), 1000 * RECENT_SIGN_IN);',
    tests: [TOKENS],
  },
  {
    id: 'pages-13',
    effect: 'whoever guesses the id of a token revokes it',
    file: 'src/http/console/tokens.ts',
    find: 'await deps.list({ account: { backend, subject } })',
    replace: 'await deps.list({})',
    tests: [TOKENS],
  },
  {
    id: 'pages-14',
    effect: 'everybody who has signed in ends everything of somebody else',
    file: 'src/http/console/admin.ts',
    find: "router.post('/console/person/end', requireAdmin,",
    replace: "router.post('/console/person/end', tools.requireSession,",
    tests: ['test/unit/http/console/areas.test.ts'],
  },
  {
    id: 'pages-15',
    effect: 'a token that may do nothing at a registry is shown as one that may do everything',
    file: 'src/pages/token-view.ts',
    find: 'limits === undefined ? html`<p>Everything',
    replace: '(limits ?? []).length === 0 ? html`<p>Everything',
    tests: [TOKENS],
  },
  {
    id: 'pages-16',
    effect: 'a request that the limits of a token denied is explained as if a rule had denied it',
    file: 'src/http/console/access.ts',
    find: "via?.kind === 'personal-token' && via.name !== undefined ? { token: via.name } : {}",
    replace: '{}',
    tests: [ACCESS],
  },
  {
    id: 'pages-17',
    effect: 'a page with a new token that is loaded again creates another token',
    file: 'src/http/console/tokens.ts',
    find: '  rememberSent(key, deps.sent);\n',
    replace: '',
    tests: [TOKENS],
  },
  {
    id: 'pages-18',
    effect: 'administrators do not see the tokens for robots that a leaver may have copies of',
    file: 'src/app/console-admin.ts',
    find: "if (owner.kind !== 'robot' ||",
    replace: "if (owner.kind !== 'robot' || !endsWithUser(owner.robot) ||",
    tests: ['test/unit/app/console-admin.test.ts'],
  },
  {
    id: 'pages-19',
    effect: 'an administrator whose session has ended reads that there is no such page',
    file: 'src/http/console/session.ts',
    find: 'if (signedIn === undefined) return askToSignIn(request, response, deps);\n    if (!signedIn.isAdmin)',
    replace: 'if (signedIn?.isAdmin !== true)',
    tests: ['test/unit/http/console.test.ts'],
  },
];
