/** The personal tokens of the person who is signed in: list, create, revoke. */
import type { Request, Response, Router } from 'express';
import { BrokerError } from '../../core/errors.ts';
import type { Identity } from '../../core/identity.ts';
import type { TokenOwner } from '../../core/personal-token.ts';
import type { Clock } from '../../core/ports.ts';
import { grantedPatterns } from '../../core/policy/granted-patterns.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { Ending } from '../../flows/end-account.ts';
import type { IssuePersonalToken, PersonalTokenSettings } from '../../flows/personal-token/issue.ts';
import type { ListedToken, TokenSelection } from '../../flows/personal-token/list.ts';
import { accountOwner, ownerFields } from '../../flows/personal-token/owner.ts';
import type { SignedIn } from '../../flows/session/find.ts';
import { createTokenPage, newTokenPage } from '../../pages/create-token.ts';
import type { TokenForm } from '../../pages/create-token.ts';
import { revokeTokenPage, tokensPage } from '../../pages/tokens.ts';
import { contextOf } from '../context.ts';
import type { ConsoleArea, ConsoleTools } from './deps.ts';
import { queryOf, readForm } from '../form.ts';
import { loginCommands } from './login-commands.ts';
import { askToSignInAgain, isRecentSignIn, RECENT_SIGN_IN } from './recent-sign-in.ts';
import { respondPage } from './respond-page.ts';
import { signedInOf } from './session.ts';
import { tokenView } from './token-row.ts';
import { emptyForm, orderOf, readTokenForm, sentence } from './token-form.ts';

interface TokensAreaDeps {
  readonly list: (selection: TokenSelection) => Promise<readonly ListedToken[]>;
  readonly issue: IssuePersonalToken;
  readonly revoke: (selection: TokenSelection, ending: Ending) => Promise<readonly ListedToken[]>;
  /** @returns whether one of these owners is asleep */
  readonly findAsleep: (owners: readonly TokenOwner[]) => Promise<(owner: TokenOwner) => boolean>;
  readonly settings: PersonalTokenSettings;
  /** The names of the configured services. */
  readonly services: readonly string[];
  readonly policy: () => Policy;
  /** The names of the robots that a user owns, whose tokens the user may create and revoke. */
  readonly robotsOf: (identity: Identity) => readonly string[];
  readonly clock: Pick<Clock, 'now'>;
}

const LIST = '/console/tokens';
const DAY = 86_400;
const MAX_ROBOT = 64;
/** Days that are offered for a token. */
const LIFETIMES = [7, 30, 90, 365];

/** Forms that have created a token and are recognized when they are sent again. */
const MAX_SENT = 1000;
const SENT_BEFORE =
  'This form has created a token already, which is not shown again. Send the form once more to create another one.';

export function tokensArea(deps: TokensAreaDeps): ConsoleArea {
  const sent = new Set<string>();
  return {
    addRoutes: (router: Router, tools: ConsoleTools) => {
      const { requireSession } = tools;
      router.get(LIST, requireSession, (request, response) => showList(deps, tools, request, response));
      router.get(`${LIST}/new`, requireSession, (_request, response) => showForm(deps, tools, response));
      router.post(LIST, requireSession, (request, response) => create({ ...deps, sent }, tools, request, response));
      router.get(`${LIST}/:id/revoke`, requireSession, async (request, response) => {
        const token = await ownToken(deps, request, response);
        respondPage(response, 200, revokeTokenPage(tools.pageFor(response), tokenView(token, deps.clock.now())));
      });
      router.post(`${LIST}/:id/revoke`, requireSession, (request, response) => revoke(deps, tools, request, response));
    },
  };
}

async function showList(deps: TokensAreaDeps, tools: ConsoleTools, request: Request, response: Response) {
  const query = queryOf(request);
  const filter = query.get('filter')?.trim() ?? '';
  const found = (await ownTokens(deps, signedInOf(response))).filter((token) => isFound(token, filter));
  const isAsleep = await deps.findAsleep(found.map(({ owner }) => owner));
  const tokens = found.map((token) => tokenView(token, deps.clock.now(), isAsleep(token.owner)));
  const view = { tokens, isRevoked: query.has('revoked'), ...(filter === '' ? {} : { filter }) };
  respondPage(response, 200, tokensPage(tools.pageFor(response), view));
}

function isFound({ name, limits = [] }: ListedToken, filter: string): boolean {
  const texts = [name, ...limits.flatMap(({ service, repositories }) => [service, ...repositories])];
  return texts.some((text) => text.toLowerCase().includes(filter.toLowerCase()));
}

/** Those of the person and of the robots that the person owns, the latest first. */
async function ownTokens(deps: TokensAreaDeps, { session, caller }: SignedIn): Promise<readonly ListedToken[]> {
  const { backend, subject } = session;
  const robots = await Promise.all(deps.robotsOf(caller.identity).map((robot) => deps.list({ robot })));
  const own = subject === '' ? [] : await deps.list({ account: { backend, subject } });
  return [...own, ...robots.flat()].toSorted((a, b) => b.createdAt - a.createdAt);
}

async function ownToken(deps: TokensAreaDeps, request: Request, response: Response): Promise<ListedToken> {
  const found = (await ownTokens(deps, signedInOf(response))).find(({ id }) => id === request.params['id']);
  if (found === undefined) throw new BrokerError('not_found', 'no such token of this person');
  return found;
}

function showForm(deps: TokensAreaDeps, tools: ConsoleTools, response: Response): void {
  if (!isRecent(deps, response)) return askToSignInAgain(response, tools.base, `${LIST}/new`);
  const { services, settings } = deps;
  respondForm(deps, tools, response, { form: emptyForm(services, settings.lifetime, settings.requireLimits) });
}

function isRecent({ clock }: TokensAreaDeps, response: Response): boolean {
  return isRecentSignIn(response, clock.now(), RECENT_SIGN_IN);
}

interface FormState {
  readonly form: TokenForm;
  readonly problems?: ReadonlyMap<string, string>;
  /** What is wrong with no field alone, as a sentence. */
  readonly problem?: string;
}

function respondForm(deps: TokensAreaDeps, tools: ConsoleTools, response: Response, state: FormState): void {
  const { services, settings, policy } = deps;
  const { lifetime, maxLifetime, requireLimits } = settings;
  const days = [...new Set([...LIFETIMES, Math.round(lifetime / DAY)])].toSorted((a, b) => a - b);
  const { caller } = signedInOf(response);
  const { problems = new Map<string, string>() } = state;
  const page = createTokenPage(tools.pageFor(response), {
    ...state,
    problems,
    lifetimes: days,
    maxDays: Math.floor(maxLifetime / DAY),
    services,
    robots: deps.robotsOf(caller.identity),
    requiresLimits: requireLimits,
    own: grantedPatterns(policy(), caller, services).patterns,
  });
  respondPage(response, problems.size > 0 || state.problem !== undefined ? 422 : 200, page);
}

interface CreateDeps extends TokensAreaDeps {
  /** The session and the form of each token that was created, the oldest first. */
  readonly sent: Set<string>;
}

/** @returns a key of the form in its session; undefined: the form has no id */
function sentKey(form: string | null, session: string): string | undefined {
  return form === null ? undefined : `${session} ${form.slice(0, MAX_FORM_ID)}`;
}

const MAX_FORM_ID = 64;

/** A page that is loaded again sends its form again, possibly to another broker, which does not recognize it. */
function rememberSent(key: string | undefined, sent: Set<string>): void {
  if (key === undefined) return;
  sent.add(key);
  const [oldest] = sent;
  if (sent.size > MAX_SENT && oldest !== undefined) sent.delete(oldest);
}

async function create(deps: CreateDeps, tools: ConsoleTools, request: Request, response: Response): Promise<void> {
  const fields = await readForm(request, response);
  if (!isRecent(deps, response)) return askToSignInAgain(response, tools.base, `${LIST}/new`);
  const form = readTokenForm(fields, deps.services);
  if (fields.get('do') === 'add-limit') return respondForm(deps, tools, response, { form });
  const result = orderOf(form, deps.clock.now());
  if (result.kind === 'problems') return respondForm(deps, tools, response, { form, problems: result.problems });
  const { id, caller, session } = signedInOf(response);
  const account = accountOwner(caller.identity, session.login);
  if (account === undefined) {
    const problem = `Accounts of the backend ${session.backend} have no lasting id, so they cannot have tokens.`;
    return respondForm(deps, tools, response, { form, problem });
  }
  const key = sentKey(fields.get('form'), id);
  if (key !== undefined && deps.sent.has(key)) {
    return respondForm(deps, tools, response, { form, problem: SENT_BEFORE });
  }
  // The flow refuses a robot that the person does not own now.
  const owner: TokenOwner =
    form.owner === 'me' ? account : { kind: 'robot', robot: form.owner.slice(0, MAX_ROBOT), createdBy: account };
  const order = { ...result.order, owner, creator: { kind: 'caller', caller } } as const;
  const issued = await deps.issue(order, contextOf(response));
  if (issued.kind === 'refused') {
    return respondForm(deps, tools, response, { form, problem: sentence(issued.problem) });
  }
  rememberSent(key, deps.sent);
  // The answer to the form, and not a page with an address: the token is shown once.
  const page = newTokenPage(tools.pageFor(response), {
    name: issued.record.name,
    secret: issued.token.reveal(),
    expiresAt: issued.record.expiresAt,
    commands: loginCommands(result.order.limits?.[0]?.service ?? deps.services[0] ?? '', ownerFields(owner).username),
  });
  respondPage(response, 200, page);
}

async function revoke(deps: TokensAreaDeps, tools: ConsoleTools, request: Request, response: Response): Promise<void> {
  const { id } = await ownToken(deps, request, response);
  const { caller } = signedInOf(response);
  await deps.revoke({ ids: [id] }, { request: contextOf(response), by: caller.identity.username });
  response.redirect(303, `${tools.base}${LIST}?revoked`);
}
