/** The list of sign-ins of a person, and the ends of them. Each end is asked once, on a page of its own. */
import type { Request, Response, Router } from 'express';
import { BrokerError } from '../../core/errors.ts';
import type { SessionSummary } from '../../core/session.ts';
import { endOthersPage, endSignInPage, signInsPage } from '../../pages/sign-ins.ts';
import type { SignInRow } from '../../pages/sign-ins.ts';
import { contextOf } from '../context.ts';
import type { SessionCookies } from './cookies.ts';
import type { ConsoleDeps, ConsoleTools } from './deps.ts';
import { pageFor, respondPage } from './respond-page.ts';
import type { PageDeps } from './respond-page.ts';
import { signedInOf } from './session.ts';

type SignInsDeps = Pick<ConsoleDeps, 'sessions'> & PageDeps & { readonly cookies: SessionCookies };

const LIST = '/console/sign-ins';

export function signInsRoutes(router: Router, deps: SignInsDeps, { requireSession }: ConsoleTools): void {
  const { list, end } = deps.sessions;
  router.get(LIST, requireSession, async (_request, response) => {
    const signedIn = signedInOf(response);
    const signIns = (await list(signedIn)).map(rowOf);
    respondPage(response, 200, signInsPage(pageFor(deps, response, signedIn), { signIns }));
  });
  router.get(`${LIST}/end-others`, requireSession, async (_request, response) => {
    const signedIn = signedInOf(response);
    const others = (await list(signedIn)).filter(({ isCurrent }) => !isCurrent).length;
    respondPage(response, 200, endOthersPage(pageFor(deps, response, signedIn), others));
  });
  router.post(`${LIST}/end-others`, requireSession, async (_request, response) => {
    await end.others(signedInOf(response), contextOf(response));
    response.redirect(303, `${deps.base}${LIST}`);
  });
  router.get(`${LIST}/:id/end`, requireSession, async (request, response) => {
    const signedIn = signedInOf(response);
    const row = (await list(signedIn)).map(rowOf).find(({ id }) => id === request.params['id']);
    if (row === undefined) throw new BrokerError('not_found', 'no such session of this person');
    respondPage(response, 200, endSignInPage(pageFor(deps, response, signedIn), row));
  });
  router.post(`${LIST}/:id/end`, requireSession, (request, response) => endOne(deps, request, response));
}

async function endOne({ sessions, cookies, base }: SignInsDeps, request: Request, response: Response): Promise<void> {
  const signedIn = signedInOf(response);
  const id = String(request.params['id']);
  if (!(await sessions.end.one(signedIn, id, contextOf(response)))) {
    throw new BrokerError('not_found', 'no such session of this person');
  }
  if (id === signedIn.id) cookies.clearSession(response);
  response.redirect(303, `${base}${id === signedIn.id ? '/sign-in' : LIST}`);
}

function rowOf({ id, session, isCurrent }: SessionSummary): SignInRow {
  const { program, client, createdAt, usedAt, expiresAt } = session;
  return { id, kind: 'browser', program, from: client, createdAt, usedAt, expiresAt, isCurrent };
}
