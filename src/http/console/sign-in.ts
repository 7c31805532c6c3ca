/** Signing in and out. */
import type { Request, Response, Router } from 'express';
import { BrokerError } from '../../core/errors.ts';
import { Secret } from '../../core/identity.ts';
import type { SignInResult } from '../../flows/sign-in/provider.ts';
import { contextOf } from '../context.ts';
import { toBrokerError } from '../respond.ts';
import { pageAnswer } from './answers.ts';
import type { SessionCookies } from './cookies.ts';
import type { ConsoleDeps } from './deps.ts';
import { queryOf, readForm } from './form.ts';
import { ownPath } from './own-path.ts';
import { signedOutPage, signInPage } from './pages.ts';
import { createProviderSteps } from './provider-strategy.ts';
import { pageFor, respondPage } from './respond-page.ts';
import type { PageDeps } from './respond-page.ts';
import { findSignedIn } from './session.ts';

type SignInDeps = ConsoleDeps & PageDeps & { readonly cookies: SessionCookies };

/** The page after a sign-in that was begun from no other. */
export const HOME = '/console/sign-ins';

export function signInRoutes(router: Router, deps: SignInDeps): void {
  const steps = createProviderSteps({ cookies: deps.cookies, sealing: deps.sealing, signIn: deps.signInAtProvider });
  router.get('/sign-in', async (request, response) => {
    const fields = queryOf(request);
    const to = destination(fields);
    // Somebody who has signed in is asked again for what needs a recent sign-in.
    const isAgain = fields.get('again') === '1';
    const signedIn = await findSignedIn(request, response, { cookies: deps.cookies, find: deps.sessions.find });
    if (signedIn !== undefined && !isAgain) return response.redirect(303, `${deps.base}${to}`);
    return showForm(deps, response, { to });
  });
  router.post('/sign-in', (request, response) => signInWithForm(deps, request, response));
  router.get('/sign-in/callback', async (request, response) => {
    const { to, ...result } = await steps.finish(request, response);
    await openSession(deps, request, response, { result, to });
  });
  router.get('/sign-in/:backend', (request, response) =>
    steps.begin(request, response, { backend: request.params.backend, to: destination(queryOf(request)) }),
  );
  router.post('/sign-out', (request, response) => signOut(deps, request, response));
  router.get('/sign-out', (_request, response) =>
    respondPage(response, 200, signedOutPage(pageFor(deps, response), {})),
  );
  router.get('/sign-out/:backend', async (request, response) => {
    const { backend } = request.params;
    const url = await deps.logoutAtProvider.start(backend, `${deps.publicUrl}/sign-out`);
    response.redirect(303, url ?? `${deps.base}/sign-out`);
  });
}

/** The page that `to` names, if it is one of ours. */
function destination(fields: URLSearchParams): string {
  return ownPath(fields.get('to') ?? undefined) ?? HOME;
}

interface FormState {
  readonly to: string;
  readonly username?: string;
  readonly problem?: string;
}

function showForm(deps: SignInDeps, response: Response, state: FormState, status = 200): void {
  const { providers, hasForm } = deps.methods;
  const view = { providers: providers.map((name) => ({ name, label: name })), hasForm, ...state };
  respondPage(response, status, signInPage(pageFor(deps, response), view));
}

async function signInWithForm(deps: SignInDeps, request: Request, response: Response): Promise<void> {
  const fields = await readForm(request, response);
  const to = destination(fields);
  const username = single(fields, 'username');
  let result: SignInResult;
  try {
    const credential = { username, password: new Secret(single(fields, 'password')) };
    result = await deps.signInWithForm(credential, contextOf(response));
    await openSession(deps, request, response, { result, to });
  } catch (error) {
    const { code, retryAfter } = toBrokerError(error);
    const { status, title, text } = pageAnswer(code);
    // Anything but a refusal of the credential has a page of its own.
    if (status !== 401 && status !== 429) throw error;
    if (retryAfter !== undefined) response.setHeader('Retry-After', Math.ceil(retryAfter));
    showForm(deps, response, { to, username, problem: `${title}. ${text}` }, status);
  }
}

function single(fields: URLSearchParams, name: string): string {
  const [value = '', ...others] = fields.getAll(name);
  if (others.length > 0) throw new BrokerError('invalid_request', `the field ${name} has several values`);
  return value;
}

interface Opening {
  readonly result: SignInResult;
  readonly to: string;
}

async function openSession(
  deps: SignInDeps,
  request: Request,
  response: Response,
  { result, to }: Opening,
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
  const name = signedIn?.session.signedInAt.backend ?? '';
  const view = deps.methods.providers.includes(name) ? { provider: { name, label: name } } : {};
  respondPage(response, 200, signedOutPage(pageFor(deps, response), view));
}
