/** The backends, and the test of a login, for administrators. Everybody else gets 404. */
import type { Request, Response, Router } from 'express';
import { Secret } from '../../core/identity.ts';
import type { Clock, Step } from '../../core/ports.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { TestedLogin, TestLogin } from '../../flows/test-login.ts';
import { backendsPage } from '../../pages/admin/backends.ts';
import type { BackendsView } from '../../pages/admin/backends.ts';
import { testLoginPage } from '../../pages/admin/test-login.ts';
import type { TestLoginView } from '../../pages/admin/test-login.ts';
import { contextOf } from '../context.ts';
import { grantedPatternViews } from './decision-views.ts';
import type { ConsoleArea, ConsoleTools } from './deps.ts';
import { readForm } from '../form.ts';
import { RECENT_SIGN_IN, requireRecentSignIn } from './recent-sign-in.ts';
import { respondPage } from './respond-page.ts';
import { signedInOf } from './session.ts';

interface BackendsAreaDeps {
  readonly backends: () => Promise<BackendsView>;
  readonly testLogin: TestLogin;
  readonly policy: () => Policy;
  /** The names of the configured services. */
  readonly services: readonly string[];
  readonly clock: Pick<Clock, 'now'>;
}

const LIST = '/console/backends';
const TEST = `${LIST}/test`;
const MAX_NAME = 256;

export function backendsArea(deps: BackendsAreaDeps): ConsoleArea {
  return {
    addRoutes: (router: Router, tools: ConsoleTools) => {
      const { requireAdmin, pageFor, base } = tools;
      // A stolen cookie alone, or a browser that was left open, tries no passwords.
      const requireRecent = requireRecentSignIn({ clock: deps.clock, base }, RECENT_SIGN_IN, TEST);
      router.get(LIST, requireAdmin, async (_request, response) => {
        respondPage(response, 200, backendsPage(pageFor(response), await deps.backends()));
      });
      router.get(TEST, requireAdmin, requireRecent, (_request, response) => {
        respondPage(response, 200, testLoginPage(pageFor(response), {}));
      });
      router.post(TEST, requireAdmin, requireRecent, (request, response) => test(deps, tools, request, response));
    },
  };
}

async function test(deps: BackendsAreaDeps, tools: ConsoleTools, request: Request, response: Response): Promise<void> {
  const fields = await readForm(request, response);
  const username = fields.get('user')?.slice(0, MAX_NAME) ?? '';
  const password = new Secret(fields.get('password') ?? '');
  const respond = (status: number, view: Omit<TestLoginView, 'username'>): void =>
    respondPage(response, status, testLoginPage(tools.pageFor(response), { username, ...view }));
  if (username.trim() === '' || password.isEmpty())
    return respond(422, { problem: 'Enter a user name and a password.' });
  const by = signedInOf(response).caller.identity;
  const tested = await deps.testLogin({ credential: { username, password }, by, request: contextOf(response) });
  if (tested.kind === 'tested') return respond(200, resultView(tested, deps));
  if (tested.kind === 'busy') return respond(503, { problem: 'Another test runs. Try again in a moment.' });
  response.setHeader('Retry-After', tested.retryAfter);
  return respond(429, { problem: limitText(tested) });
}

function limitText({ by, retryAfter }: Extract<TestedLogin, { kind: 'limited' }>): string {
  const what = by === 'byAdministrator' ? 'You have tested too many logins' : 'This name was tested too often';
  return `${what}. Nothing was sent. Try again in ${Math.ceil(retryAfter / 60)} minutes.`;
}

function resultView(
  { steps, identity }: Extract<TestedLogin, { kind: 'tested' }>,
  { policy, services }: BackendsAreaDeps,
): Pick<TestLoginView, 'steps' | 'user'> {
  const shown = { steps: steps.map((step) => ({ state: stateOf(step), text: step.text })) };
  if (identity === undefined) return shown;
  const { username: name, backend, groups } = identity;
  const granted = grantedPatternViews(policy(), { kind: 'user', identity }, services);
  return { ...shown, user: { name, backend, groups: [...groups].toSorted(), ...granted } };
}

function stateOf({ ok, isWarning }: Step): 'ok' | 'warning' | 'failed' {
  if (!ok) return 'failed';
  return isWarning === true ? 'warning' : 'ok';
}
