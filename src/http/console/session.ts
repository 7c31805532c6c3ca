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

export function requireSession(deps: SessionDeps): RequestHandler {
  return async (request, response, next) => {
    const signedIn = await findSignedIn(request, response, deps);
    if (signedIn === undefined) return askToSignIn(request, response, deps);
    Object.assign(response.locals, { signedIn } satisfies Locals);
    return next();
  };
}

/** A page is shown after the sign-in. What a form would have done is not. */
function askToSignIn(request: Request, response: Response, { base }: Pick<SessionDeps, 'base'>): void {
  const to = request.method === 'GET' ? `?to=${encodeURIComponent(request.url)}` : '';
  response.redirect(303, `${base}/sign-in${to}`);
}

/** 404 for whoever is signed in and is no administrator, as for a page that does not exist. */
export function requireAdmin(deps: SessionDeps): RequestHandler {
  return async (request, response, next) => {
    const signedIn = await findSignedIn(request, response, deps);
    if (signedIn === undefined) return askToSignIn(request, response, deps);
    if (!signedIn.isAdmin) throw new BrokerError('not_found', 'a page for administrators');
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
