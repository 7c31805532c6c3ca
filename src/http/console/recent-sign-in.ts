/**
 * What outlives a session needs a recent sign-in: whoever has only the cookie, or finds a browser left open, gets no token
 * and no login of a program from it.
 */
import type { RequestHandler, Response } from 'express';
import type { Clock } from '../../core/ports.ts';
import { authenticatedAt } from '../../core/session.ts';
import type { ConsoleTools } from './deps.ts';
import { signedInOf } from './session.ts';

/** Seconds within which a token, or a login of a program on this machine, can be made. */
export const RECENT_SIGN_IN = 3600;

interface RecentDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly base: ConsoleTools['base'];
}

/**
 * Behind `requireSession`.
 *
 * @param maxAge seconds since the person proved who they are
 * @param to the page for after the new sign-in; default: that of the request
 */
export function requireRecentSignIn({ clock, base }: RecentDeps, maxAge: number, to?: string): RequestHandler {
  return (request, response, next) =>
    isRecentSignIn(response, clock.now(), maxAge) ? next() : askToSignInAgain(response, base, to ?? request.url);
}

export function isRecentSignIn(response: Response, now: number, maxAge: number): boolean {
  return now - authenticatedAt(signedInOf(response).session) <= maxAge;
}

export function askToSignInAgain(response: Response, base: string, to: string): void {
  response.redirect(303, `${base}/sign-in?again=1&to=${encodeURIComponent(to)}`);
}
