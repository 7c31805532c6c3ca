/** The token endpoint: a list of steps, each feeding the next. */
import express from 'express';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import passport from 'passport';
import { BrokerError, describeError } from '../core/errors.ts';
import type { Audit } from '../core/ports.ts';
import type { Caller, Secret } from '../core/identity.ts';
import { formatScope } from '../core/scope.ts';
import type { GrantToken, IssuedToken, Service } from '../flows/grant-token.ts';
import type { Identify } from '../flows/identify.ts';
import type { ExchangeRefreshToken } from '../flows/refresh-token/exchange.ts';
import type { IssueRefreshToken } from '../flows/refresh-token/issue.ts';
import { toBrokerError } from './broker-error.ts';
import { CREDENTIAL_STRATEGY, CredentialStrategy } from './credential-strategy.ts';
import { callerOf, contextOf, serviceOf, setLocals, tokenRequestIfRead, tokenRequestOf } from './locals.ts';
import { parseTokenRequest } from './request.ts';
import type { TokenRequest } from './request.ts';
import { ACCESS_TOKEN } from './token-grants.ts';
import { respondJson } from './respond.ts';

export interface TokenRouteDeps {
  readonly services: ReadonlyMap<string, Service>;
  readonly identify: Identify;
  readonly issueRefreshToken: IssueRefreshToken;
  readonly exchangeRefreshToken: ExchangeRefreshToken;
  readonly grantToken: GrantToken;
  readonly audit: Audit;
}

/** `/auth` and `/auth/token` are what docker_auth and distribution's autoredirect name; redirects would drop credentials. */
export const TOKEN_PATHS = ['/token', '/token/', '/auth', '/auth/', '/auth/token', '/auth/token/'];
const BODY_LIMIT = '64kb';
const FORM = 'application/x-www-form-urlencoded';

export function tokenRoute(deps: TokenRouteDeps): RequestHandler[] {
  return [
    allowGetAndPost,
    express.text({ type: FORM, limit: BODY_LIMIT, inflate: false }),
    readTokenRequest,
    requireKnownService(deps.services),
    authenticate(deps),
    grant(deps),
  ];
}

/** Records why a token request failed; the error goes on to the table of answers. */
export function recordRefusal(audit: Audit) {
  return (error: unknown, request: Request, _response: Response, next: NextFunction): void => {
    const asked = tokenRequestIfRead(request);
    const known = toBrokerError(error);
    audit.record({
      type: 'token.refused',
      request: contextOf(request),
      code: known.code,
      service: asked?.service ?? '',
      ...(asked?.credential === undefined ? {} : { username: asked.credential.username }),
      cause: describeError(known),
    });
    next(known);
  };
}

function allowGetAndPost(request: Request, response: Response, next: NextFunction): void {
  if (request.method === 'GET' || request.method === 'POST') return next();
  response.setHeader('Allow', 'GET, POST');
  next(new BrokerError('method_not_allowed', `method ${request.method}`));
}

function readTokenRequest(request: Request, _response: Response, next: NextFunction): void {
  const body: unknown = request.body;
  if (request.method === 'GET') setLocals(request, { tokenRequest: parseTokenRequest(request, undefined) });
  else if (typeof body === 'string') setLocals(request, { tokenRequest: parseTokenRequest(request, body) });
  else throw new BrokerError('invalid_request', `a POST must have a body of type ${FORM}`);
  next();
}

function requireKnownService(services: ReadonlyMap<string, Service>): RequestHandler {
  return (request, _response, next) => {
    const service = services.get(tokenRequestOf(request).service);
    if (service === undefined) throw new BrokerError('unknown_service', 'the service is not configured');
    setLocals(request, { service });
    next();
  };
}

function authenticate({ identify, exchangeRefreshToken }: TokenRouteDeps): RequestHandler {
  const callerOfRequest = (request: Request): Promise<Caller> => {
    const { credential, refreshToken } = tokenRequestOf(request);
    return refreshToken === undefined
      ? identify(credential, contextOf(request))
      : exchangeRefreshToken(refreshToken, serviceOf(request), contextOf(request));
  };
  const guard = new passport.Passport().use(new CredentialStrategy(callerOfRequest));
  return (request, response, next) => {
    const done = (error: unknown, caller: Caller | false): void => {
      if (error !== null && error !== undefined) return next(error);
      if (caller === false) return next(new BrokerError('invalid_credentials', 'the strategy refused'));
      setLocals(request, { caller });
      next();
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Passport's types leave the middleware untyped
    (guard.authenticate(CREDENTIAL_STRATEGY, { session: false }, done) as RequestHandler)(request, response, next);
  };
}

function grant({ grantToken, issueRefreshToken }: TokenRouteDeps): RequestHandler {
  return async (request, response) => {
    const { scopes, malformed } = tokenRequestOf(request);
    const refreshToken = await refreshTokenFor(request, issueRefreshToken);
    const issued = await grantToken({
      context: contextOf(request),
      service: serviceOf(request),
      caller: callerOf(request),
      scopes,
      malformed,
    });
    const body = tokenBody(issued, request.method === 'POST');
    respondJson(
      response,
      200,
      JSON.stringify({
        ...body,
        ...answerOf(tokenRequestOf(request)),
        ...(refreshToken === undefined ? {} : { refresh_token: refreshToken.reveal() }),
      }),
    );
  };
}

/** A refresh token that is used is answered by the same, and never by a new one: clients keep the first. */
async function refreshTokenFor(request: Request, issue: IssueRefreshToken): Promise<Secret | undefined> {
  const { isOffline, refreshToken, credential, clientId } = tokenRequestOf(request);
  if (!isOffline) return undefined;
  if (refreshToken !== undefined) return refreshToken;
  return issue({
    context: contextOf(request),
    service: serviceOf(request),
    caller: callerOf(request),
    login: credential?.username ?? '',
    clientId,
  });
}

/**
 * The answer both verbs share. `issued_at` is left out: with it clients mix our clock with theirs and re-fetch, or
 * keep dead tokens. `expires_in` is always there: containerd takes a token without it for one that never expires.
 */
function tokenBody({ token, expiresIn, grants }: IssuedToken, isPost: boolean): Readonly<Record<string, unknown>> {
  const body = { token, access_token: token, expires_in: expiresIn };
  if (!isPost) return body;
  const granted = grants.filter((decided) => decided.granted.length > 0);
  const scope = granted.map(({ asked, granted: actions }) => formatScope({ ...asked, actions })).join(' ');
  return { ...body, token_type: 'Bearer', scope };
}

/** A token exchange is told what kind of token it got (RFC 8693, section 2.2.1). */
function answerOf({ isExchange }: TokenRequest): { readonly issued_token_type?: string } {
  return isExchange ? { issued_token_type: ACCESS_TOKEN } : {};
}
