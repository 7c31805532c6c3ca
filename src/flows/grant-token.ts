/** From a caller and what is asked to a signed token: decide each scope, make the claims, sign, record. */
import { BrokerError } from '../core/errors.ts';
import type { Grant } from '../core/access.ts';
import type { RequestContext } from '../core/events.ts';
import type { Caller } from '../core/identity.ts';
import { decide } from '../core/policy/decide.ts';
import type { Situation } from '../core/policy/decide.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { Audit, Clock, Ids, TokenSigner } from '../core/ports.ts';
import type { RefreshTokenLimits } from '../core/refresh-token.ts';
import type { Scope } from '../core/scope.ts';
import { claimsFor, endOf, LEAST_SECONDS, lifetimeFor } from '../core/token.ts';
import type { Lifetimes } from '../core/token.ts';
import type { Timer } from '../core/timer.ts';

/** A registry that is served. */
export interface Service {
  readonly name: string;
  /** Whether a request without credentials may get what policy gives to anonymous. */
  readonly anonymous: 'allow' | 'deny';
  readonly lifetimes: Lifetimes;
  /** Absent: it offers no refresh tokens. */
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
}

export interface IssuedToken {
  readonly token: string;
  /** Seconds the client may use it. */
  readonly expiresIn: number;
  readonly grants: readonly Grant[];
}

export interface GrantTokenDeps {
  readonly issuer: string;
  /** The policy in force; a reload changes it between two requests, never within one. */
  readonly policy: () => Policy;
  readonly signer: TokenSigner;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly ids: Ids;
  readonly audit: Audit;
}

/**
 * @throws BrokerError `login_required` when the service serves nobody without credentials, `token_refused` when the
 *   token that somebody logged in with is about to end.
 */
export type GrantToken = (request: AccessRequest) => Promise<IssuedToken>;

export function createGrantToken(deps: GrantTokenDeps): GrantToken {
  return async ({ context, service, caller, scopes, malformed }) => {
    if (caller.kind === 'anonymous' && service.anonymous === 'deny') {
      throw new BrokerError('login_required', 'the service serves nobody without credentials');
    }
    const policy = deps.policy();
    const situation = { caller, service: service.name, client: context.client };
    const grants = await decideAll(policy, situation, scopes, deps);
    const now = deps.clock.now();
    if (endOf(caller) - now < LEAST_SECONDS) {
      throw new BrokerError('token_refused', 'token-expired: the token of this login is about to end');
    }
    const expiresIn = lifetimeFor(caller, grants, service.lifetimes, now);
    const tokenId = deps.ids.next();
    const token = await deps.signer.sign(
      service.name,
      claimsFor({ issuer: deps.issuer, service: service.name, caller, grants, now, expiresIn, tokenId }),
    );
    await deps.audit.commit({
      type: 'token.issued',
      request: context,
      caller,
      service: service.name,
      grants,
      attributes: namedAttributes(caller, policy),
      malformed,
      tokenId,
      policyRevision: policy.revision,
      expiresIn,
    });
    return { token, expiresIn, grants };
  };
}

/** Milliseconds one request decides before others have their turn. */
const TURN_MS = 5;

async function decideAll(
  policy: Policy,
  situation: Situation,
  scopes: readonly Scope[],
  { clock, timer }: GrantTokenDeps,
): Promise<readonly Grant[]> {
  const grants: Grant[] = [];
  let since = clock.monotonic();
  for (const scope of scopes) {
    if (clock.monotonic() - since > TURN_MS) {
      await timer.turn();
      since = clock.monotonic();
    }
    grants.push(decide(policy, situation, scope));
  }
  return grants;
}

function namedAttributes(caller: Caller, policy: Policy): ReadonlyMap<string, readonly string[]> {
  if (caller.kind === 'anonymous') return new Map();
  const { attributes } = caller.identity;
  return new Map(policy.attributes.map((name) => [name, attributes.get(name) ?? []]));
}
