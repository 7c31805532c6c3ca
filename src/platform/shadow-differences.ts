/** The last differences between the policy in force and the shadow policy, in memory, with counts of all comparisons. */
import type { Grant } from '../core/access.ts';
import type { AuditEvent } from '../core/events.ts';
import type { Clock, EventSink } from '../core/ports.ts';
import type { DifferenceFilter, ShadowDifference, ShadowDifferences } from '../core/shadow-difference.ts';
import { containsText } from './name-filter.ts';

type Compared = Extract<AuditEvent, { type: 'policy.compared' }>;

/** Bounds of what one request leaves. All its scopes are counted. */
const MAX_SCOPES = 8;
const MAX_REASONS = 8;

export interface DifferenceMemory extends EventSink, ShadowDifferences {}

/** @param capacity the most differences that are held */
export function rememberDifferences(capacity: number, clock: Pick<Clock, 'now'>): DifferenceMemory {
  /** Each is one text, which is compact. */
  let ring: string[] = [];
  let next = 0;
  let counts: ReturnType<ShadowDifferences['counts']> = { same: 0, differing: 0, since: clock.now() };

  /** Counts of other revisions say nothing about those of now. */
  function startAgain(revisions: NonNullable<typeof counts.revisions>): void {
    const since = counts.revisions === undefined ? counts.since : clock.now();
    counts = { same: 0, differing: 0, since, revisions };
    ring = [];
    next = 0;
  }

  return {
    capacity,
    counts: () => counts,
    record: (event) => {
      if (event.type !== 'policy.compared') return;
      const { policyRevision: inForce, shadowRevision: shadow, same, differing } = event;
      if (counts.revisions?.inForce !== inForce || counts.revisions.shadow !== shadow) startAgain({ inForce, shadow });
      counts = { ...counts, same: counts.same + same, differing: counts.differing + differing.length };
      for (const difference of differencesIn(event, clock.now())) {
        ring[next] = JSON.stringify(difference);
        next = (next + 1) % capacity;
      }
    },
    find: (filter, most) => {
      const found: ShadowDifference[] = [];
      let more = 0;
      for (let back = 1; back <= ring.length; back += 1) {
        const difference = parse(ring[(next - back + ring.length) % ring.length] ?? '');
        if (!matches(difference, filter)) continue;
        if (found.length < most) found.push(difference);
        else more += 1;
      }
      return { found, more };
    },
  };
}

function differencesIn({ request, caller, service, differing }: Compared, at: number): readonly ShadowDifference[] {
  const { requestId, client } = request;
  const user = caller.kind === 'anonymous' ? {} : { username: caller.identity.username };
  return differing.slice(0, MAX_SCOPES).map(({ served, shadow }) => ({
    requestId,
    at,
    ...user,
    service,
    client,
    asked: served.asked,
    inForce: shortened(served),
    shadow: shortened(shadow),
  }));
}

function shortened({ granted, because }: Grant): ShadowDifference['inForce'] {
  return { granted, because: because.slice(0, MAX_REASONS) };
}

function parse(text: string): ShadowDifference {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `record` writes the texts
  return JSON.parse(text) as ShadowDifference;
}

function matches({ username, asked, inForce, shadow }: ShadowDifference, filter: DifferenceFilter): boolean {
  const { person, repository, change } = filter;
  if (!containsText(username ?? 'anonymous', person) || !containsText(asked.name, repository)) return false;
  if (change === undefined) return true;
  const [more, less] = change === 'gained' ? [shadow, inForce] : [inForce, shadow];
  return more.granted.some((action) => !less.granted.includes(action));
}
