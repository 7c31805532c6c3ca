/** From a caller and scopes to a signed token: decide each scope, make the claims, sign or reuse, record. */
import { BrokerError } from '../core/errors.ts';
import type { Grant } from '../core/access.ts';
import type { AuditEvent, RequestContext } from '../core/events.ts';
import type { Caller } from '../core/identity.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { Audit, Clock, Ids, Timer, TokenSigner } from '../core/ports.ts';
import type { RefreshTokenLimits } from '../core/refresh-token.ts';
import type { Scope } from '../core/scope.ts';
import { claimsFor, endOf, LEAST_SECONDS, lifetimeFor } from '../core/token.ts';
import type { Lifetimes } from '../core/token.ts';
import { decideRequest } from './decide-request.ts';
import type { TokenReuse } from './token-reuse.ts';

/** A registry that this token server issues tokens for. */
export interface Service {
  readonly name: string;
  /** Whether a request without credentials gets what the policy grants to anonymous. */
  readonly anonymous: 'allow' | 'deny';
  readonly lifetimes: Lifetimes;
  /** Absent: the service offers no refresh tokens. */
  readonly refreshTokens?: RefreshTokenLimits;
}

/** A token request, parsed and authenticated. */
export interface AccessRequest {
  readonly context: RequestContext;
  readonly service: Service;
  readonly caller: Caller;
  readonly scopes: readonly Scope[];
  /** Scope texts that could not be parsed, for the audit line. */
  readonly malformed: readonly string[];
  /** For the audit line: what is probably wrong with the request, as sentences without a secret. */
  readonly hints?: readonly string[];
  /** What else the request issues: recorded together with the token, or neither is. */
  readonly alsoIssued?: readonly AuditEvent[];
}

export interface IssuedToken {
  readonly token: string;
  /** Seconds for which the client may use it. */
  readonly expiresIn: number;
  readonly grants: readonly Grant[];
}

interface GrantTokenDeps {
  readonly issuer: string;
  /** The policy in force. It is read once per request, so that a reload takes effect between two requests. */
  readonly policy: () => Policy;
  readonly signer: TokenSigner;
  readonly reuse: TokenReuse;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly ids: Ids;
  readonly audit: Audit;
}

/**
 * When it returns, the token is on record.
 *
 * @throws BrokerError `login_required` when the service requires a login, `token_refused` when the token of the login is about
 *   to expire, `too_much_work` when the decisions take too long, `signing_unavailable` when registries would refuse the
 *   signature, `audit_unavailable`.
 */
export type GrantToken = (request: AccessRequest) => Promise<IssuedToken>;

export function createGrantToken(deps: GrantTokenDeps): GrantToken {
  return async ({ context, service, caller, scopes, malformed, hints = [], alsoIssued = [] }) => {
    const decision = await decideRequest(deps, { context, service, caller, scopes });
    const { grants, policyRevision } = decision;
    const now = deps.clock.now();
    if (endOf(caller) - now < LEAST_SECONDS) {
      throw new BrokerError('token_refused', 'token-expired: the token of this login is about to expire');
    }
    const signatureEnd = deps.signer.endOf(service.name);
    if (signatureEnd - now < LEAST_SECONDS) {
      throw new BrokerError('signing_unavailable', 'the certificate of the signing key has expired: renew it');
    }
    const end = Math.min(endOf(caller), signatureEnd);
    const lifetime = Math.min(lifetimeFor(caller, grants, service.lifetimes), end - now);
    const facts = { caller, service: service.name, policyRevision, grants, lifetime };
    const { signed, isReused } = await deps.reuse.tokenFor(facts, now, async () => {
      const tokenId = deps.ids.next();
      const about = { issuer: deps.issuer, service: service.name, caller, grants, now, lifetime, end, tokenId };
      const token = await deps.signer.sign(service.name, claimsFor(about));
      return { token, tokenId, signedAt: now, lifetime };
    });
    const expiresIn = signed.signedAt + signed.lifetime - now;
    const event: AuditEvent = {
      type: 'token.issued',
      request: context,
      caller,
      service: service.name,
      ...decision,
      malformed,
      hints,
      tokenId: signed.tokenId,
      isReused,
      expiresIn,
    };
    await deps.audit.commit([event, ...alsoIssued]);
    return { token: signed.token, expiresIn, grants };
  };
}
