/** Decides a request to a registry for the reverse proxy in front of it: by a registry token, or by a login. */
import type { AccessRefusal } from '../core/access-refusal.ts';
import { missingAccess } from '../core/access.ts';
import { BrokerError } from '../core/errors.ts';
import type { RequestContext } from '../core/events.ts';
import type { Credential, Secret } from '../core/identity.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { Audit, Clock, Timer, TokenVerifier } from '../core/ports.ts';
import { needsOf } from '../core/registry-route.ts';
import type { RegistryRoute } from '../core/registry-route.ts';
import type { Scope } from '../core/scope.ts';
import { decideRequest } from './decide-request.ts';
import type { Service } from './grant-token.ts';
import type { Identify } from './identify.ts';
import type { ExchangeRefreshToken } from './refresh-token/exchange.ts';

export interface ForwardAuthDeps {
  readonly verifier: TokenVerifier;
  readonly identify: Identify;
  readonly exchangeRefreshToken: ExchangeRefreshToken;
  /** The policy in force. */
  readonly policy: () => Policy;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly audit: Audit;
}

/** A request to a registry that has a route. */
interface RoutedRequest {
  readonly context: RequestContext;
  readonly service: Service;
  readonly route: RegistryRoute;
}

/** Neither: anonymous. */
interface Login {
  readonly credential: Credential | undefined;
  readonly refreshToken: Secret | undefined;
}

export type AccessAnswer =
  /** `username` is empty for anonymous. */
  | { readonly kind: 'allowed'; readonly username: string }
  | {
      readonly kind: 'refused';
      readonly refusal: AccessRefusal;
      /** The user that is refused, where known. */
      readonly username?: string;
      /** The registry token that does not grant enough, and what it does not grant. */
      readonly tokenId?: string;
      readonly missing?: readonly Scope[];
      /** For the operator. */
      readonly cause?: string;
    };

export interface ForwardAuth {
  /** @param token undefined: the request has none */
  checkToken(request: RoutedRequest, token: Secret | undefined): AccessAnswer;
  /**
   * Logs in and decides. Clients send the password with each request, and the login cache answers all but the first.
   *
   * @throws BrokerError as `Identify` and `ExchangeRefreshToken` do, `login_required` when anonymous is not granted what the request needs,
   *   `too_much_work`, `audit_unavailable`
   */
  checkLogin(request: RoutedRequest, login: Login): Promise<AccessAnswer>;
}

export function createForwardAuth(deps: ForwardAuthDeps): ForwardAuth {
  return {
    checkToken: (request, token) => checkToken(deps, request, token),
    checkLogin: (request, login) => checkLogin(deps, request, login),
  };
}

function checkToken(
  { verifier, clock }: ForwardAuthDeps,
  { service, route }: RoutedRequest,
  token: Secret | undefined,
): AccessAnswer {
  if (route.kind === 'open') return { kind: 'allowed', username: '' };
  if (token === undefined) return { kind: 'refused', refusal: 'token_required' };
  const verified = verifier.verify(service.name, token, clock.now());
  if (typeof verified === 'string') return { kind: 'refused', refusal: 'token_invalid', cause: verified };
  const { username, tokenId, access } = verified;
  const missing = missingAccess(needsOf(route), access);
  if (missing.length === 0) return { kind: 'allowed', username };
  const cause = `not granted by the token ${tokenId}`;
  return { kind: 'refused', refusal: 'insufficient_scope', username, tokenId, missing, cause };
}

async function checkLogin(
  deps: ForwardAuthDeps,
  { context, service, route }: RoutedRequest,
  { credential, refreshToken }: Login,
): Promise<AccessAnswer> {
  if (route.kind === 'open') return { kind: 'allowed', username: '' };
  const caller =
    refreshToken === undefined
      ? await deps.identify(credential, context)
      : await deps.exchangeRefreshToken(refreshToken, service, context);
  const needs = needsOf(route);
  const decision = await decideRequest(deps, { context, service, caller, scopes: needs });
  if (needs.length > 0) {
    await deps.audit.commit([{ type: 'access.decided', request: context, caller, service: service.name, ...decision }]);
  }
  const username = caller.kind === 'user' ? caller.identity.username : '';
  const granted = decision.grants.map(({ asked, granted: actions }) => ({ ...asked, actions }));
  if (missingAccess(needs, granted).length === 0) return { kind: 'allowed', username };
  // The client may have credentials that it sends only when they are asked for.
  if (caller.kind === 'anonymous') throw new BrokerError('login_required', 'not granted to anonymous');
  return { kind: 'refused', refusal: 'access_denied', username, cause: 'not granted by the policy' };
}
