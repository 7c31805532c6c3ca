/** Decisions that were recorded, made again by two policies: whose access would change. */
import type { Grant } from '../../access.ts';
import { formatScope } from '../../scope.ts';
import type { Scope } from '../../scope.ts';
import { attributesOf } from '../compile.ts';
import type { Situation } from '../decide.ts';
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';
import { repositorySegments } from '../repository-pattern.ts';
import { decideBoth, differences } from './difference.ts';
import type { Difference } from './difference.ts';

/** One token request, as the audit line tells it. */
export interface RecordedRequest {
  /** When it was, as recorded; empty when the line does not say. */
  readonly time: string;
  readonly situation: Situation;
  /** Groups the user had and the record has not. */
  readonly groupsMissing: number;
  /** The revision of the policy that decided. */
  readonly revision: string;
  readonly decisions: readonly { readonly asked: Scope; readonly granted: readonly string[] }[];
}

/** Somebody whose access to one repository changes. */
export interface ChangedAccess extends Difference {
  /** Empty for anonymous. */
  readonly user: string;
  readonly backend: string;
  readonly service: string;
  /** What is asked for, without actions: `repository:web/shop`. */
  readonly resource: string;
  readonly times: number;
  /** The last time it was asked for; times are compared as text, as ISO 8601 allows. */
  readonly last: string;
}

export interface ReplayResult {
  /** Scopes that were decided again. */
  readonly decisions: number;
  readonly changed: readonly ChangedAccess[];
  /** Decisions that differ beyond those that are listed. */
  readonly unlisted: number;
  /** Decisions that the record does not hold enough for, because the user was in more groups than a line holds. */
  readonly withoutGroups: number;
  /** The same, because a rule names an attribute that the policy of that time did not. */
  readonly withoutAttributes: number;
  /** What the older of the two policies does not decide as recorded. */
  readonly disagreeing: { readonly decisions: number; readonly revisions: readonly string[]; readonly example: string };
}

export interface Replay {
  add(request: RecordedRequest): void;
  result(): ReplayResult;
}

const MOST_LISTED = 10_000;
const MOST_REVISIONS = 20;

export function createReplay(before: Policy, after: Policy): Replay {
  const changed = new Map<string, ChangedAccess>();
  const revisions = new Set<string>();
  const counts = { decisions: 0, unlisted: 0, withoutGroups: 0, withoutAttributes: 0, disagreeing: 0 };
  let example = '';

  function note(request: RecordedRequest, asked: Scope, difference: Difference): void {
    const { caller, service } = request.situation;
    const [user, backend] = caller.kind === 'user' ? [caller.identity.username, caller.identity.backend] : ['', ''];
    const resource = `${asked.type}:${asked.name}`;
    const key = JSON.stringify([user, backend, service, resource, difference.change, difference.actions]);
    const known = changed.get(key);
    if (known === undefined && changed.size >= MOST_LISTED) {
      counts.unlisted += 1;
      return;
    }
    const last = known === undefined || known.last < request.time ? request.time : known.last;
    changed.set(key, { ...difference, user, backend, service, resource, times: (known?.times ?? 0) + 1, last });
  }

  function compare(request: RecordedRequest, asked: Scope, recorded: readonly string[]): void {
    const { situation, groupsMissing, revision } = request;
    if (groupsMissing > 0) return void (counts.withoutGroups += 1);
    if (lacksAttribute(before, situation, asked) || lacksAttribute(after, situation, asked)) {
      return void (counts.withoutAttributes += 1);
    }
    counts.decisions += 1;
    const both = decideBoth(before, after, situation, asked);
    if (!isAsRecorded(both.before, recorded)) {
      counts.disagreeing += 1;
      if (revisions.size < MOST_REVISIONS) revisions.add(revision);
      if (example === '') example = sentence(request, asked, recorded, both.before);
    }
    for (const difference of differences(both)) note(request, asked, difference);
  }

  return {
    add: (request) => {
      for (const { asked, granted } of request.decisions) compare(request, asked, granted);
    },
    result: () => ({
      ...counts,
      changed: [...changed.values()].toSorted(byName),
      disagreeing: { decisions: counts.disagreeing, revisions: [...revisions], example },
    }),
  };
}

function byName(a: ChangedAccess, b: ChangedAccess): number {
  return sortKey(a) < sortKey(b) ? -1 : 1;
}

function sortKey({ user, resource, change }: ChangedAccess): string {
  return [user, resource, change].join('\0');
}

function isAsRecorded({ granted }: Grant, recorded: readonly string[]): boolean {
  return new Set<string>(granted).symmetricDifference(new Set(recorded)).size === 0;
}

function sentence({ situation }: RecordedRequest, asked: Scope, recorded: readonly string[], now: Grant): string {
  const user = situation.caller.kind === 'user' ? situation.caller.identity.username : 'anonymous';
  const list = (actions: readonly string[]): string => (actions.length === 0 ? 'nothing' : actions.join(', '));
  return `${user} asked ${formatScope(asked)}, was granted ${list(recorded)}, and would be granted ${list(now.granted)}`;
}

/** Whether a rule that may match names an attribute of which the record does not say what the user has. */
function lacksAttribute(policy: Policy, { caller }: Situation, asked: Scope): boolean {
  if (caller.kind === 'anonymous') return false;
  const { identity } = caller;
  const unknown = new Set(policy.attributes.filter((name) => !identity.attributes.has(name)));
  if (unknown.size === 0) return false;
  const names = (rule: Rule): boolean => attributesOf(rule).some((name) => unknown.has(name));
  if (asked.type !== 'repository' || asked.name === '') return policy.catalog.some(names);
  const segments = repositorySegments(asked.name);
  return segments !== undefined && policy.repositories.candidates(segments, identity).some(({ rule }) => names(rule));
}
