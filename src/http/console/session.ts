/** The session of a request: who is signed in, from the first middleware that asks to the last handler. */
import type { Request, RequestHandler, Response } from 'express';
import { BrokerError } from '../../core/errors.ts';
import type { FindSession, SignedIn } from '../../flows/session/find.ts';
import { contextOf } from '../context.ts';
import type { SessionCookies } from './cookies.ts';

interface SessionDeps {
  readonly cookies: SessionCookies;
  readonly find: FindSession;
  /** The path of `publicUrl`. */
  readonly base: string;
}

interface RecentDeps extends Pick<SessionDeps, 'base'> {
  readonly now: () => number;
}

interface Locals {
  readonly signedIn?: SignedIn;
}

/** @returns undefined when nobody is signed in. Throws BrokerError `records_unavailable` or `backend_unavailable`. */
export async function findSignedIn(
  request: Request,
  response: Response,
  { cookies, find }: Pick<SessionDeps, 'cookies' | 'find'>,
): Promise<SignedIn | undefined> {
  const cookie = cookies.session(request);
  return cookie === undefined ? undefined : find(cookie, contextOf(response));
}

/** A page is shown after the sign-in. What a form would have done is not. */
export function requireSession(deps: SessionDeps): RequestHandler {
  return async (request, response, next) => {
    const signedIn = await findSignedIn(request, response, deps);
    if (signedIn === undefined) {
      const to = request.method === 'GET' ? `?to=${encodeURIComponent(request.url)}` : '';
      return response.redirect(303, `${deps.base}/sign-in${to}`);
    }
    Object.assign(response.locals, { signedIn } satisfies Locals);
    return next();
  };
}

/**
 * Behind `requireSession`: sends the browser to sign in again where the last sign-in is older.
 *
 * @param maxAge seconds
 * @param to the page for afterwards
 */
export function requireRecentSignIn({ base, now }: RecentDeps): (maxAge: number, to: string) => RequestHandler {
  return (maxAge, to) => (_request, response, next) => {
    if (now() - signedInOf(response).session.createdAt <= maxAge) return next();
    return response.redirect(303, `${base}/sign-in?again=1&to=${encodeURIComponent(to)}`);
  };
}

/** 404, so that the pages of administrators do not show that they exist. */
export function requireAdmin(deps: SessionDeps): RequestHandler {
  return async (request, response, next) => {
    const signedIn = await findSignedIn(request, response, deps);
    if (signedIn?.isAdmin !== true) throw new BrokerError('not_found', 'a page for administrators');
    Object.assign(response.locals, { signedIn } satisfies Locals);
    return next();
  };
}

/** @returns undefined when no middleware has asked, or nobody is signed in */
export function signedInIn(response: Response): SignedIn | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Express types `locals` as any
  return (response.locals as Locals).signedIn;
}

/** The person, behind `requireSession` or `requireAdmin`. */
export function signedInOf(response: Response): SignedIn {
  const signedIn = signedInIn(response);
  if (signedIn === undefined) throw new Error('this route is not behind requireSession');
  return signedIn;
}
