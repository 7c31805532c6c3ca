/** Signing in and out. */
import type { Request, Response, Router } from 'express';
import { BrokerError } from '../../core/errors.ts';
import { Secret } from '../../core/identity.ts';
import { signedOutPage, signInPage } from '../../pages/sign-in.ts';
import { contextOf } from '../context.ts';
import { toBrokerError } from '../respond.ts';
import { pageAnswer } from './answers.ts';
import type { SessionCookies } from './cookies.ts';
import type { ConsoleDeps } from './deps.ts';
import { queryOf, readForm, singleValue } from '../form.ts';
import { ownPath } from './own-path.ts';
import { createProviderSteps } from './provider-strategy.ts';
import type { Arrival, ProviderSteps } from './provider-strategy.ts';
import { pageFor, respondPage } from './respond-page.ts';
import type { PageDeps } from './respond-page.ts';
import { findSignedIn } from './session.ts';

type SignInDeps = ConsoleDeps & PageDeps & { readonly cookies: SessionCookies };

/** The page after a sign-in that was begun from no other. */
export const HOME = '/console/access';

export function signInRoutes(router: Router, deps: SignInDeps): void {
  const steps = createProviderSteps({ cookies: deps.cookies, sealing: deps.sealing, signIn: deps.signInAtProvider });
  router.get('/sign-in', (request, response) => showSignIn(deps, request, response));
  router.post('/sign-in', (request, response) => signInWithForm(deps, request, response));
  // Express answers HEAD by the route of GET, and nobody who asks in this way is at a browser.
  router.head(['/sign-in/callback', '/sign-in/:backend'], () => {
    throw new BrokerError('method_not_allowed', 'HEAD neither begins nor ends a sign-in');
  });
  router.get('/sign-in/callback', (request, response) => finishAtProvider(deps, steps, request, response));
  router.get('/sign-in/:backend', (request, response) =>
    steps.begin(request, response, {
      backend: request.params.backend,
      to: destination(queryOf(request)),
      isAgain: isAgainIn(queryOf(request)),
    }),
  );
  router.post('/sign-out', (request, response) => signOut(deps, request, response));
  router.get('/sign-out', (_request, response) => showSignedOut(deps, response));
  router.get('/sign-out/:backend', (request, response) => signOutAtProvider(deps, request, response));
}

async function finishAtProvider(
  deps: SignInDeps,
  steps: ProviderSteps,
  request: Request,
  response: Response,
): Promise<void> {
  const session = { cookies: deps.cookies, find: deps.sessions.find };
  // The way back in the history of the browser leads over the page of the provider, which answers once more.
  if (!steps.isBegun(request) && (await findSignedIn(request, response, session)) !== undefined) {
    return response.redirect(303, `${deps.base}${HOME}`);
  }
  return openSession(deps, request, response, await steps.finish(request, response));
}

/** The page that `to` names, if it is one of ours. */
function destination(fields: URLSearchParams): string {
  return ownPath(fields.get('to') ?? undefined) ?? HOME;
}

/** Somebody who has signed in is asked again for what needs a recent sign-in. */
function isAgainIn(fields: URLSearchParams): boolean {
  return fields.get('again') === '1';
}

async function showSignIn(deps: SignInDeps, request: Request, response: Response): Promise<void> {
  const fields = queryOf(request);
  const to = destination(fields);
  const isAgain = isAgainIn(fields);
  const signedIn = await findSignedIn(request, response, { cookies: deps.cookies, find: deps.sessions.find });
  if (signedIn === undefined || isAgain) showForm(deps, response, { to, isAgain });
  else response.redirect(303, `${deps.base}${to}`);
}

const AGAIN = 'This needs a recent sign-in. Please sign in again.';

interface FormState {
  readonly to: string;
  readonly isAgain: boolean;
  readonly username?: string;
  readonly problem?: string;
}

function showForm(deps: SignInDeps, response: Response, state: FormState, status = 200): void {
  const { providers, hasForm } = deps.methods;
  const view = { providers, hasForm, ...state, ...(state.isAgain ? { reason: AGAIN } : {}) };
  respondPage(response, status, signInPage(pageFor(deps, response), view));
}

async function signInWithForm(deps: SignInDeps, request: Request, response: Response): Promise<void> {
  const fields = await readForm(request, response);
  const to = destination(fields);
  const isAgain = isAgainIn(fields);
  const username = singleValue(fields, 'username') ?? '';
  try {
    const credential = { username, password: new Secret(singleValue(fields, 'password') ?? '') };
    const result = await deps.signInWithForm(credential, contextOf(response));
    await openSession(deps, request, response, { ...result, to });
  } catch (error) {
    const { code, retryAfter } = toBrokerError(error);
    const { status, title, text } = pageAnswer(code);
    // Anything but a refusal of the credential has a page of its own.
    if (status !== 401 && status !== 429) throw error;
    if (retryAfter !== undefined) response.setHeader('Retry-After', Math.ceil(retryAfter));
    showForm(deps, response, { to, isAgain, username, problem: `${title}. ${text}` }, status);
  }
}

async function openSession(
  deps: SignInDeps,
  request: Request,
  response: Response,
  { to, ...result }: Arrival,
): Promise<void> {
  const cookie = await deps.sessions.open({
    ...result,
    context: contextOf(response),
    userAgent: request.headers['user-agent'] ?? '',
    previous: deps.cookies.session(request),
  });
  deps.cookies.setSession(response, cookie);
  response.redirect(303, `${deps.base}${to}`);
}

/** The session ends here. That at the provider goes on, unless the person ends it there. */
async function signOut(deps: SignInDeps, request: Request, response: Response): Promise<void> {
  const signedIn = await findSignedIn(request, response, { cookies: deps.cookies, find: deps.sessions.find }).catch(
    () => undefined,
  );
  const cookie = deps.cookies.session(request);
  if (cookie !== undefined) await deps.sessions.end.signOut(cookie, contextOf(response));
  deps.cookies.clearSession(response);
  showSignedOut(deps, response, signedIn?.session.signedInAt.backend);
}

/** @param backend where the person may still be signed in */
function showSignedOut(deps: SignInDeps, response: Response, backend?: string, hasNoLogout = false): void {
  const provider = deps.methods.providers.find(({ name }) => name === backend);
  const view = provider === undefined ? {} : { provider, hasNoLogout };
  respondPage(response, 200, signedOutPage(pageFor(deps, response), view));
}

/** A link and not a form, because a form may not lead to another site; only a link on our own page counts. */
async function signOutAtProvider(deps: SignInDeps, request: Request, response: Response): Promise<void> {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new BrokerError('foreign_origin', `a link of another site, ${site.slice(0, 32)}, to the logout`);
  }
  const backend = String(request.params['backend']);
  const url = await deps.logoutAtProvider.start(backend, `${deps.publicUrl}/sign-out`);
  if (url === undefined) showSignedOut(deps, response, backend, true);
  else response.redirect(303, url);
}
