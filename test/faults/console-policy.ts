/** Faults in what administrators see of the policy: what a pasted one and the shadow policy change, and who can. */
import type { Fault } from './fault.ts';

const PAGES = 'test/unit/app/console-policy.test.ts';
const REPLAY = 'test/unit/app/api/replay-recent.test.ts';
const RECENT = 'test/unit/platform/recent-decisions.test.ts';
const SHADOW = 'test/unit/platform/shadow-differences.test.ts';
const ROUTES = 'test/unit/http/console/policy.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'console-policy-1',
    effect: 'a pasted policy seems to take from a token what its limits never allowed',
    file: 'src/app/api/recent-texts.ts',
    find: "...(limits === undefined ? {} : { via: { kind: 'personal-token', id: '', limits } }),",
    replace: '',
    tests: [REPLAY],
  },
  {
    id: 'console-policy-2',
    effect: 'decisions of users whose groups are not recorded are made again as if they were anonymous',
    file: 'src/app/api/replay-recent.ts',
    find: 'if (caller === undefined) withoutCaller += decision.scopes.length;\n    else replay.add(requestOf(decision, withAttributes(caller, named)));',
    replace: "replay.add(requestOf(decision, withAttributes(caller ?? { kind: 'anonymous' }, named)));",
    tests: [REPLAY],
  },
  {
    id: 'console-policy-3',
    effect: 'a decision is made again as of now, so that it seems to change with the hour',
    file: 'src/app/api/replay-recent.ts',
    find: 'situation: { caller, service, client, time: at },',
    replace: 'situation: { caller, service, client, time: Math.floor(Date.now() / 1000) },',
    tests: [REPLAY],
  },
  {
    id: 'console-policy-4',
    effect: 'a pasted policy is compared with a file that is not in force',
    file: 'src/app/api/policy-questions.ts',
    find: 'before?.revision === revision ?',
    replace: 'before !== undefined ?',
    tests: [PAGES],
  },
  {
    id: 'console-policy-5',
    effect: 'the groups of ten thousand users in a thousand groups each fill the memory of the broker',
    file: 'src/platform/shared-objects.ts',
    find: 'if (total + size > most) return false;',
    replace: '',
    tests: ['test/unit/platform/shared-objects.test.ts', RECENT],
  },
  {
    id: 'console-policy-6',
    effect:
      'a broker that runs for weeks can make no decision again, because it counts users that are in the list no more',
    file: 'src/platform/recent-decisions.ts',
    find: 'release(shared, ring.makeRoom(kind));\n',
    replace: '',
    tests: [RECENT],
  },
  {
    id: 'console-policy-7',
    effect: 'differences of an earlier shadow policy are counted for the new one',
    file: 'src/platform/shadow-differences.ts',
    find: 'startAgain({ inForce, shadow });',
    replace: 'counts = { ...counts, revisions: { inForce, shadow } };',
    tests: [SHADOW],
  },
  {
    id: 'console-policy-8',
    effect: 'an administrator reads that nobody can push, although members of another group can',
    file: 'src/app/console-policy.ts',
    find: "verdict: isOpen ? 'exceptions' : verdict",
    replace: 'verdict',
    tests: [PAGES],
  },
  {
    id: 'console-policy-9',
    effect: 'the text of the policy file, pasted without a change, is taken for another policy',
    file: 'src/http/console/policy.ts',
    find: "sent.replaceAll('\\r\\n', '\\n')",
    replace: 'sent',
    tests: [ROUTES],
  },
  {
    id: 'console-policy-10',
    effect: 'everybody who has signed in sees what others asked for',
    file: 'src/http/console/policy.ts',
    find: "router.get('/console/policy/shadow', requireAdmin,",
    replace: "router.get('/console/policy/shadow', tools.requireSession,",
    tests: ['test/unit/http/console/areas.test.ts'],
  },
  {
    id: 'console-policy-11',
    effect: 'who can is answered for the address of the administrator, whatever address is typed',
    file: 'src/http/console/policy.ts',
    find: "query.get('client')?.trim().slice(0, MAX_NAME) || contextOf(response).client",
    replace: 'contextOf(response).client',
    tests: [ROUTES],
  },
  {
    id: 'console-policy-12',
    effect: 'the list of decisions shows the oldest ones first, and a request id finds an earlier decision',
    file: 'src/platform/ring.ts',
    find: 'place - back + entries.length',
    replace: 'place + back - 1',
    tests: ['test/unit/platform/ring.test.ts', RECENT],
  },
];
