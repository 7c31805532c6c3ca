/** The list of sign-ins of a person, and the ends of them. Each end is asked once, on a page of its own. */
import type { Request, Response, Router } from 'express';
import { HELPER_CLIENT } from '../../core/approval.ts';
import { BrokerError } from '../../core/errors.ts';
import type { AccountChoice } from '../../core/account.ts';
import type { RequestContext } from '../../core/events.ts';
import type { SessionSummary } from '../../core/session.ts';
import type { ListedRefreshToken } from '../../flows/refresh-token/revoke.ts';
import type { SignedIn } from '../../flows/session/find.ts';
import { endOthersPage, endSignInPage, signInsPage } from '../../pages/sign-ins.ts';
import type { SignInRow, SignInsView } from '../../pages/sign-ins.ts';
import { contextOf } from '../context.ts';
import type { SessionCookies } from './cookies.ts';
import type { ConsoleDeps, ConsoleTools } from './deps.ts';
import { queryOf } from '../form.ts';
import { pageFor, respondPage } from './respond-page.ts';
import type { PageDeps } from './respond-page.ts';
import { signedInOf } from './session.ts';

type SignInsDeps = Pick<ConsoleDeps, 'sessions' | 'logins'> & PageDeps & { readonly cookies: SessionCookies };

const LIST = '/console/sign-ins';

export function signInsRoutes(router: Router, deps: SignInsDeps, { requireSession }: ConsoleTools): void {
  const { end } = deps.sessions;
  router.get(LIST, requireSession, (request, response) => showList(deps, request, response));
  router.get(`${LIST}/end-others`, requireSession, async (_request, response) => {
    const signedIn = signedInOf(response);
    const others = (await rowsOf(deps, signedIn)).filter(({ isCurrent }) => !isCurrent).length;
    respondPage(response, 200, endOthersPage(pageFor(deps, response, signedIn), others));
  });
  router.post(`${LIST}/end-others`, requireSession, async (_request, response) => {
    const signedIn = signedInOf(response);
    const request = contextOf(response);
    await end.others(signedIn, request);
    const logins = await loginsOf(deps, signedIn);
    await endLogins(
      deps,
      signedIn,
      logins.map(({ id }) => id),
      request,
    );
    response.redirect(303, `${deps.base}${LIST}?ended=others`);
  });
  router.get(`${LIST}/:id/end`, requireSession, async (request, response) => {
    const signedIn = signedInOf(response);
    const row = (await rowsOf(deps, signedIn)).find(({ id }) => id === request.params['id']);
    if (row === undefined) throw new BrokerError('not_found', 'this person has no such sign-in');
    respondPage(response, 200, endSignInPage(pageFor(deps, response, signedIn), row));
  });
  router.post(`${LIST}/:id/end`, requireSession, (request, response) => endOne(deps, request, response));
}

async function showList(deps: SignInsDeps, request: Request, response: Response): Promise<void> {
  const signedIn = signedInOf(response);
  const signIns = await rowsOf(deps, signedIn);
  const ended = endedIn(queryOf(request));
  respondPage(response, 200, signInsPage(pageFor(deps, response, signedIn), { signIns, ended }));
}

async function endOne(deps: SignInsDeps, request: Request, response: Response): Promise<void> {
  const signedIn = signedInOf(response);
  const context = contextOf(response);
  const id = String(request.params['id']);
  const isSession = await deps.sessions.end.one(signedIn, id, context);
  if (!isSession && (await endLogins(deps, signedIn, [id], context)) === 0) {
    throw new BrokerError('not_found', 'this person has no such sign-in');
  }
  if (id === signedIn.id) deps.cookies.clearSession(response);
  response.redirect(303, `${deps.base}${id === signedIn.id ? '/sign-in' : `${LIST}?ended=one`}`);
}

/** @returns what the form before this page has ended */
function endedIn(query: URLSearchParams): SignInsView['ended'] {
  const ended = query.get('ended');
  return ended === 'one' || ended === 'others' ? ended : undefined;
}

/** Browsers first, then programs. */
async function rowsOf(deps: SignInsDeps, signedIn: SignedIn): Promise<readonly SignInRow[]> {
  const sessions = await deps.sessions.list(signedIn);
  return [...sessions.map(sessionRow), ...(await loginsOf(deps, signedIn)).map(loginRow)];
}

async function loginsOf({ logins }: SignInsDeps, signedIn: SignedIn): Promise<readonly ListedRefreshToken[]> {
  const account = accountOf(signedIn);
  const listed = account === undefined ? [] : await logins.list(account);
  return listed.toSorted((a, b) => b.usedAt - a.usedAt);
}

async function endLogins(
  { logins }: SignInsDeps,
  signedIn: SignedIn,
  ids: readonly string[],
  request: RequestContext,
): Promise<number> {
  const account = accountOf(signedIn);
  if (account === undefined || ids.length === 0) return 0;
  const cause = 'ended from the list of sign-ins';
  return logins.end(account, ids, { request, by: signedIn.caller.identity.username, cause });
}

/** @returns undefined where the backend has no ids of accounts, and so no refresh tokens */
function accountOf({ session: { backend, subject } }: SignedIn): AccountChoice | undefined {
  return subject === '' ? undefined : { backend, subject };
}

function sessionRow({ id, session, isCurrent }: SessionSummary): SignInRow {
  const { program, client, createdAt, usedAt, expiresAt } = session;
  return { id, kind: 'browser', program, from: client, createdAt, usedAt, expiresAt, isCurrent };
}

function loginRow({ id, clientId, client, service, createdAt, usedAt, expiresAt }: ListedRefreshToken): SignInRow {
  const kind = clientId === HELPER_CLIENT ? 'helper' : 'docker';
  const program = clientId === '' ? 'a program' : clientId;
  return { id, kind, program, from: client, service, createdAt, usedAt, expiresAt, isCurrent: false };
}
