/** Writes pages, and what every page shows. */
import type { ErrorRequestHandler, Response } from 'express';
import type { Log } from '../../core/ports.ts';
import { describeError } from '../../core/errors.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { SignedIn } from '../../flows/session/find.ts';
import type { Page, Site } from '../../pages/page.ts';
import { errorPage } from '../../pages/sign-in.ts';
import { contextOf } from '../context.ts';
import { toBrokerError } from '../respond.ts';
import { pageAnswer } from './answers.ts';

export interface PageDeps {
  /** The path of `publicUrl`. */
  readonly base: string;
  readonly site: Site;
  readonly now: () => number;
}

export function pageFor({ site, now }: PageDeps, response: Response, signedIn?: SignedIn): Page {
  const shared = { site, now: now(), requestId: contextOf(response).requestId };
  if (signedIn === undefined) return shared;
  const { caller, isAdmin } = signedIn;
  const { username, backend } = caller.identity;
  return { ...shared, person: { username, backend, isAdmin } };
}

export function respondPage(response: Response, status: number, page: { toString(): string }): void {
  response.status(status).type('html').send(page.toString());
}

/** Anybody can ask for pages that do not exist. */
const LEVELS: Readonly<Partial<Record<ErrorCode, 'error' | 'warn' | 'debug'>>> = {
  internal: 'error',
  backend_unavailable: 'warn',
  not_found: 'debug',
};

/** The last middleware of the console: a page for each error, with the sentence of its code. */
export function respondErrorPage(deps: PageDeps & { readonly log: Log }): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    const known = toBrokerError(error);
    const { requestId } = contextOf(response);
    const level = LEVELS[known.code] ?? 'info';
    // The path has no secret of this server, but a callback has a code: the query stays out.
    const fields = {
      requestId,
      path: (request.baseUrl + request.path).slice(0, 256),
      code: known.code,
      cause: describeError(known),
    };
    deps.log[level]('page refused', fields);
    const { status, title, text, retryAfter } = pageAnswer(known.code);
    const seconds = known.retryAfter ?? retryAfter;
    if (seconds !== undefined) response.setHeader('Retry-After', Math.ceil(seconds));
    const goOn = status === 404 ? 'console' : 'sign-in';
    const advice = { title, advice: text, next: goOn } as const;
    respondPage(response, status, errorPage(pageFor(deps, response), advice));
  };
}
