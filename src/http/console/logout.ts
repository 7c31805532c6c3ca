/**
 * The address at which providers announce logouts (OpenID Connect Back-Channel Logout 1.0, section 2.5). No browser sends
 * these requests, and no cookie counts here: the signature of the token does.
 */
import type { Request, Response, Router } from 'express';
import { BrokerError } from '../../core/errors.ts';
import { Secret } from '../../core/identity.ts';
import { contextOf } from '../context.ts';
import { toBrokerError } from '../respond.ts';
import { pageAnswer } from './answers.ts';
import type { ConsoleDeps } from './deps.ts';
import { readForm } from '../form.ts';

export const LOGOUT_PATH = '/sign-in/:backend/logout';

type LogoutDeps = Pick<ConsoleDeps, 'logoutAtProvider' | 'log'>;

export function logoutRoute(router: Router, deps: LogoutDeps): void {
  router.post(LOGOUT_PATH, (request, response) => receiveLogout(deps, request, response));
}

async function receiveLogout(
  { logoutAtProvider, log }: LogoutDeps,
  request: Request,
  response: Response,
): Promise<void> {
  response.setHeader('Cache-Control', 'no-store');
  const context = contextOf(response);
  try {
    const [token, ...others] = (await readForm(request, response)).getAll('logout_token');
    if (token === undefined || others.length > 0) throw new BrokerError('invalid_request', 'expected one logout_token');
    await logoutAtProvider.receive(String(request.params['backend']), new Secret(token), context);
    response.status(200).end();
  } catch (error) {
    const known = toBrokerError(error);
    log.warn('logout of a provider refused', { requestId: context.requestId, code: known.code, cause: known.message });
    // The answers that the specification has: the request was wrong, or the logout failed.
    response.status(pageAnswer(known.code).status < 500 ? 400 : 503).end();
  }
}
