/** The last differences between the policy in force and the shadow policy, in memory, with counts of all comparisons. */
import type { Grant } from '../core/access.ts';
import type { AuditEvent } from '../core/events.ts';
import type { Clock, EventSink } from '../core/ports.ts';
import type { DifferenceFilter, ShadowDifference, ShadowDifferences } from '../core/shadow-difference.ts';
import { MAX_LISTED_REASONS, MAX_LISTED_SCOPES } from './list-bounds.ts';
import { containsText, firstMatches } from './list-filter.ts';
import { createRing } from './ring.ts';

type Compared = Extract<AuditEvent, { type: 'policy.compared' }>;

export interface RecordedDifferences extends EventSink, ShadowDifferences {}

/** @param capacity the largest number of differences */
export function recordDifferences(capacity: number, clock: Pick<Clock, 'now'>): RecordedDifferences {
  /** Each is one text, which is compact. */
  const ring = createRing<string>(capacity);
  let counts: ReturnType<ShadowDifferences['counts']> = { same: 0, differing: 0, since: clock.now() };

  /** Counts of other revisions say nothing about those of now. */
  function startAgain(revisions: NonNullable<typeof counts.revisions>): void {
    const since = counts.revisions === undefined ? counts.since : clock.now();
    counts = { same: 0, differing: 0, since, revisions };
    ring.clear();
  }

  return {
    capacity,
    counts: () => counts,
    record: (event) => {
      if (event.type !== 'policy.compared') return;
      const { policyRevision: inForce, shadowRevision: shadow, same, differing } = event;
      if (counts.revisions?.inForce !== inForce || counts.revisions.shadow !== shadow) startAgain({ inForce, shadow });
      counts = { ...counts, same: counts.same + same, differing: counts.differing + differing.length };
      for (const difference of differencesIn(event, clock.now())) ring.add(JSON.stringify(difference));
    },
    find: (filter, most) =>
      firstMatches(ring.latestFirst().map(parse), (difference) => matches(difference, filter), most),
  };
}

function differencesIn({ request, caller, service, differing }: Compared, at: number): readonly ShadowDifference[] {
  const { requestId, client } = request;
  const user = caller.kind === 'anonymous' ? {} : { username: caller.identity.username };
  return differing.slice(0, MAX_LISTED_SCOPES).map(({ served, shadow }) => ({
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
  return { granted, because: because.slice(0, MAX_LISTED_REASONS) };
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
