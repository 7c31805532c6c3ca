/** The decision on the scopes of one request, and all that it was made by, for the audit line. */
import type { Grant } from '../core/access.ts';
import { BrokerError } from '../core/errors.ts';
import type { RequestContext } from '../core/events.ts';
import type { Caller } from '../core/identity.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { Clock, Timer } from '../core/ports.ts';
import type { Scope } from '../core/scope.ts';
import { decideScopes } from './decide-scopes.ts';
import type { Service } from './grant-token.ts';

interface DecideDeps {
  /** The policy in force. It is read once per request, so that a reload takes effect between two requests. */
  readonly policy: () => Policy;
  readonly clock: Clock;
  readonly timer: Timer;
}

interface UndecidedRequest {
  readonly context: RequestContext;
  readonly service: Service;
  readonly caller: Caller;
  readonly scopes: readonly Scope[];
}

/** The fields of the audit event. */
interface Decision {
  readonly grants: readonly Grant[];
  /** Seconds since 1970. */
  readonly time: number;
  /** The attributes of the caller that the policy names, and so may decide by. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  readonly policyRevision: string;
}

/** @throws BrokerError `login_required` when the service requires a login, `too_much_work` when the decisions take too long */
export async function decideRequest(
  deps: DecideDeps,
  { context, service, caller, scopes }: UndecidedRequest,
): Promise<Decision> {
  if (caller.kind === 'anonymous' && service.anonymous === 'deny') {
    throw new BrokerError('login_required', 'the service requires a login');
  }
  const policy = deps.policy();
  const time = deps.clock.now();
  const situation = { caller, service: service.name, client: context.client, time };
  const grants = await decideScopes(policy, situation, scopes, deps);
  return { grants, time, attributes: policyAttributes(caller, policy), policyRevision: policy.revision };
}

const NO_ATTRIBUTES: ReadonlyMap<string, readonly string[]> = new Map();

function policyAttributes(caller: Caller, policy: Policy): ReadonlyMap<string, readonly string[]> {
  if (caller.kind === 'anonymous' || policy.attributes.length === 0) return NO_ATTRIBUTES;
  const { attributes } = caller.identity;
  return new Map(policy.attributes.map((name) => [name, attributes.get(name) ?? []]));
}
