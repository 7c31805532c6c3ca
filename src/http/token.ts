/** The token endpoint. `answerTokenRequest` lists the steps. */
import type { Request, RequestHandler, Response } from 'express';
import { BrokerError, describeError } from '../core/errors.ts';
import type { RequestContext } from '../core/events.ts';
import type { Caller, Secret } from '../core/identity.ts';
import type { Audit } from '../core/ports.ts';
import { formatScope } from '../core/scope.ts';
import type { ApprovedLogin } from '../flows/approval.ts';
import type { RedeemCode } from '../flows/authorization-code/redeem.ts';
import type { PollDevice } from '../flows/device/poll.ts';
import type { GrantToken, IssuedToken, Service } from '../flows/grant-token.ts';
import type { DraftRefreshToken, RefreshTokenDraft } from '../flows/refresh-token/issue.ts';
import { formReader, requireForm } from './form.ts';
import { createAuthenticate } from './authenticate.ts';
import type { AuthenticateDeps, UnauthenticatedRequest } from './authenticate.ts';
import { contextOf } from './context.ts';
import { respondJson, toBrokerError } from './respond.ts';
import { ACCESS_TOKEN } from './token-grants.ts';
import { hintsOfRefusal, hintsOfRequest } from './request-hints.ts';
import { parseTokenRequest } from './token-request.ts';
import type { TokenRequest } from './token-request.ts';

export interface TokenRouteDeps extends AuthenticateDeps {
  readonly services: ReadonlyMap<string, Service>;
  readonly draftRefreshToken: DraftRefreshToken;
  readonly grantToken: GrantToken;
  /** Absent: no codes are redeemed. */
  readonly helperLogins?: HelperLogins;
  readonly audit: Audit;
}

/** The flows of codes that people have allowed in the browser. */
export interface HelperLogins {
  readonly redeemCode: RedeemCode;
  /** Absent: programs without a browser are not served. */
  readonly pollDevice?: PollDevice;
}

const readBody = formReader('64kb');

/** All that is known about a token request. */
interface AuthenticatedRequest extends UnauthenticatedRequest {
  readonly caller: Caller;
  /** The user name as typed; empty where there is none. */
  readonly login: string;
}

export function answerTokenRequest(deps: TokenRouteDeps): RequestHandler {
  const authenticate = createAuthenticate(deps);
  return async (request, response) => {
    const context = contextOf(response);
    let asked: TokenRequest | undefined;
    try {
      requireGetOrPost(request, response);
      asked = parseTokenRequest(request, await formOf(request, response));
      const service = requireService(deps.services, asked);
      const unauthenticated = { context, asked, service };
      const approved = asked.code === undefined ? undefined : await approvedLogin(deps, unauthenticated, asked.code);
      const caller = approved?.caller ?? (await authenticate(unauthenticated));
      const login = approved?.login ?? asked.credential?.username ?? '';
      const authenticated = { ...unauthenticated, caller, login };
      const draft = draftFor(authenticated, deps.draftRefreshToken);
      const issued = await grant(authenticated, draft, deps.grantToken);
      if (draft !== undefined) await store(draft, context, deps.audit);
      // A request with a refresh token is answered with the same one: clients store only the first.
      const refreshToken = asked.isOffline ? (asked.refreshToken ?? draft?.token) : undefined;
      const body = tokenBody(request, asked, issued, refreshToken);
      const helperBody = approved === undefined ? {} : helperFields(approved, service, draft);
      respondJson(response, 200, JSON.stringify({ ...body, ...helperBody }));
    } catch (error) {
      throw recordRefusal(deps.audit, context, asked, toBrokerError(error));
    }
  };
}

function requireGetOrPost(request: Request, response: Response): void {
  if (request.method === 'GET' || request.method === 'POST') return;
  response.setHeader('Allow', 'GET, POST');
  throw new BrokerError('method_not_allowed', `method ${request.method}`);
}

/** @returns the form of a POST; undefined for a GET */
async function formOf(request: Request, response: Response): Promise<string | undefined> {
  const text = await readBody(request, response);
  return request.method === 'GET' ? undefined : requireForm(text);
}

/** podman, containerd and regclient leave out an empty service. With one service, that one is meant. */
function requireService(services: ReadonlyMap<string, Service>, { service: name }: TokenRequest): Service {
  const [only, ...others] = services.values();
  const service = name === '' && others.length === 0 ? only : services.get(name);
  if (service === undefined) throw new BrokerError('unknown_service', 'the service is not configured');
  return service;
}

/** The refresh token for a login that asks for one. It is stored after the audit trail has it. */
function draftFor(
  { context, service, asked, caller, login }: AuthenticatedRequest,
  draft: DraftRefreshToken,
): RefreshTokenDraft | undefined {
  const { isOffline, refreshToken, code, clientId } = asked;
  // A code is for a refresh token and nothing else.
  if ((!isOffline && code === undefined) || refreshToken !== undefined) return undefined;
  const drafted = draft({ context, service, caller, login, clientId });
  if (code !== undefined && drafted === undefined)
    throw new BrokerError('code_refused', 'this login gets no refresh token');
  return drafted;
}

/**
 * The login that the code of the request stands for.
 *
 * @throws BrokerError `unsupported_grant` where codes are not redeemed, or as `RedeemCode` and `PollDevice` do
 */
async function approvedLogin(
  { helperLogins }: TokenRouteDeps,
  { asked, service, context }: UnauthenticatedRequest,
  code: NonNullable<TokenRequest['code']>,
): Promise<ApprovedLogin> {
  const about = { clientId: asked.clientId, service: service.name };
  if (code.kind === 'authorization-code' && helperLogins !== undefined)
    return helperLogins.redeemCode({ ...code, ...about }, context);
  if (code.kind === 'device-code' && helperLogins?.pollDevice !== undefined)
    return helperLogins.pollDevice({ ...code, ...about }, context);
  throw new BrokerError('unsupported_grant', `codes of the kind ${code.kind} are not redeemed`);
}

/** What the credential helper gets in addition: a refresh token, its longest lifetime in seconds, and the user name. */
function helperFields(
  { caller }: ApprovedLogin,
  { refreshTokens }: Service,
  draft: RefreshTokenDraft | undefined,
): Readonly<Record<string, unknown>> {
  return {
    refresh_token: draft?.token.reveal(),
    refresh_token_expires_in: refreshTokens?.absolute,
    username: caller.identity.username,
  };
}

function grant(
  { context, service, asked, caller }: AuthenticatedRequest,
  draft: RefreshTokenDraft | undefined,
  grantToken: GrantToken,
): Promise<IssuedToken> {
  const { scopes, malformed } = asked;
  const alsoIssued = draft === undefined ? [] : [draft.event];
  return grantToken({ context, service, caller, scopes, malformed, hints: hintsOfRequest(asked), alsoIssued });
}

async function store(draft: RefreshTokenDraft, request: RequestContext, audit: Audit): Promise<void> {
  try {
    await draft.store();
  } catch (error) {
    audit.record({ type: 'token.withheld', request, cause: 'the refresh token could not be stored' });
    throw error;
  }
}

/**
 * The body of a successful answer (distribution's spec/auth/token.md and oauth.md).
 *
 * `issued_at` is left out: with it, clients compare our clock with theirs, and fetch again or keep expired tokens.
 * `expires_in` is always present: containerd never renews a token without it.
 */
function tokenBody(
  { method }: Request,
  { isExchange }: TokenRequest,
  { token, expiresIn, grants }: IssuedToken,
  refreshToken: Secret | undefined,
): Readonly<Record<string, unknown>> {
  return {
    token,
    access_token: token,
    expires_in: expiresIn,
    ...(method === 'POST' ? { token_type: 'Bearer', scope: scopeText(grants) } : {}),
    // RFC 8693, section 2.2.1.
    ...(isExchange ? { issued_token_type: ACCESS_TOKEN } : {}),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken.reveal() }),
  };
}

function scopeText(grants: IssuedToken['grants']): string {
  return grants
    .filter(({ granted }) => granted.length > 0)
    .map(({ asked, granted }) => formatScope({ ...asked, actions: granted }))
    .join(' ');
}

function isAnonymous({ credential, refreshToken, code }: TokenRequest): boolean {
  return credential === undefined && refreshToken === undefined && code === undefined;
}

/** @param asked the token request, if it could be parsed */
function recordRefusal(
  audit: Audit,
  context: RequestContext,
  asked: TokenRequest | undefined,
  error: BrokerError,
): BrokerError {
  // A poll that comes before the answer is no refusal: there are many for each login.
  if (error.code === 'authorization_pending') return error;
  audit.record({
    type: 'token.refused',
    request: context,
    code: error.code,
    service: asked?.service ?? '',
    ...(asked?.credential === undefined ? {} : { username: asked.credential.username }),
    ...(asked !== undefined && isAnonymous(asked) ? { isAnonymous: true } : {}),
    hints: asked === undefined ? [] : hintsOfRefusal(asked),
    ...error.about,
    cause: describeError(error),
  });
  return error;
}
