/**
 * Shadow mode: a policy that is not in force decides each request again. It runs after the decision and cannot change
 * it.
 */
import type { Grant } from '../core/access.ts';
import type { AuditEvent } from '../core/events.ts';
import { decideFor } from '../core/policy/decide-for.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { Clock, EventSink } from '../core/ports.ts';

type Decided = Extract<AuditEvent, { type: 'token.issued' | 'access.decided' }>;

interface ShadowDeps {
  /** The shadow policy; undefined while it cannot be read. */
  readonly shadow: () => Policy | undefined;
  readonly clock: Clock;
  /** Where comparisons are recorded. */
  readonly audit: EventSink;
}

/** Milliseconds of comparing per request. It does not yield to other requests, so it is short. */
const BUDGET_MS = 50;

/** Compares the decisions of each request. Of a request with many scopes, the last may be left out for lack of time. */
export function compareWithShadow({ shadow, clock, audit }: ShadowDeps): EventSink {
  return {
    record: (event) => {
      if (event.type !== 'token.issued' && event.type !== 'access.decided') return;
      const policy = shadow();
      if (policy !== undefined) audit.record(compared(event, policy, clock));
    },
  };
}

function compared(event: Decided, policy: Policy, clock: Clock): AuditEvent {
  const { request, caller, service, time, grants, policyRevision } = event;
  const situation = { caller, service, client: request.client, time };
  const pairs: Pair[] = [];
  const started = clock.monotonic();
  for (const served of grants) {
    pairs.push({ served, shadow: decideFor(policy, situation, served.asked) });
    if (clock.monotonic() - started > BUDGET_MS) break;
  }
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

interface Pair {
  readonly served: Grant;
  readonly shadow: Grant;
}

function isSame({ granted }: Grant, { granted: other }: Grant): boolean {
  return new Set(granted).symmetricDifference(new Set(other)).size === 0;
}
