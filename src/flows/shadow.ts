/**
 * Shadow mode: a policy that is not in force decides each request again. It runs after the decision and cannot change
 * it.
 */
import type { Grant } from '../core/access.ts';
import type { AuditEvent } from '../core/events.ts';
import { decide } from '../core/policy/decide.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { EventSink } from '../core/ports.ts';

type Issued = Extract<AuditEvent, { type: 'token.issued' }>;

export interface ShadowDeps {
  /** The shadow policy; undefined while it cannot be read. */
  readonly shadow: () => Policy | undefined;
  /** Where comparisons are recorded. */
  readonly audit: EventSink;
}

/** Compares each token that is issued. A request has a bounded number of scopes, and each costs one more decision. */
export function compareWithShadow({ shadow, audit }: ShadowDeps): EventSink {
  return {
    record: (event) => {
      const policy = event.type === 'token.issued' ? shadow() : undefined;
      if (event.type === 'token.issued' && policy !== undefined) audit.record(compared(event, policy));
    },
  };
}

function compared(event: Issued, policy: Policy): AuditEvent {
  const { request, caller, service, time, grants, policyRevision } = event;
  const situation = { caller, service, client: request.client, time };
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
