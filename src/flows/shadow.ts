/**
 * Shadow mode: what was decided is decided once more by a policy that serves nobody yet. It comes after the decision and
 * has no way back to it.
 */
import type { Grant } from '../core/access.ts';
import type { AuditEvent } from '../core/events.ts';
import { decide } from '../core/policy/decide.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { EventSink } from '../core/ports.ts';

type Issued = Extract<AuditEvent, { type: 'token.issued' }>;

export interface ShadowDeps {
  /** Undefined while there is none that could be read. */
  readonly shadow: () => Policy | undefined;
  /** Where comparisons are recorded. */
  readonly audit: EventSink;
}

/** Listens to the tokens that are issued. A request has a bounded number of scopes, and each costs one decision more. */
export function compareWithShadow({ shadow, audit }: ShadowDeps): EventSink {
  return {
    record: (event) => {
      const policy = event.type === 'token.issued' ? shadow() : undefined;
      if (event.type === 'token.issued' && policy !== undefined) audit.record(compared(event, policy));
    },
  };
}

function compared(event: Issued, policy: Policy): AuditEvent {
  const { request, caller, service, grants, policyRevision } = event;
  const situation = { caller, service, client: request.client };
  const pairs = grants.map((served) => ({ served, shadow: decide(policy, situation, served.asked) }));
  const differing = pairs.filter((pair) => !isSame(pair.served, pair.shadow));
  return {
    type: 'policy.compared',
    request,
    caller,
    service,
    policyRevision,
    shadowRevision: policy.revision,
    same: pairs.length - differing.length,
    differing,
  };
}

function isSame({ granted }: Grant, { granted: other }: Grant): boolean {
  return new Set(granted).symmetricDifference(new Set(other)).size === 0;
}
