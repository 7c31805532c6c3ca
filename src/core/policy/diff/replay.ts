/** Decides recorded requests again by two policies: whose access would change. */
import type { Grant } from '../../access.ts';
import { formatScope } from '../../scope.ts';
import type { Scope } from '../../scope.ts';
import { attributesOf } from '../compile.ts';
import { dependsOn } from '../condition.ts';
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';
import { repositorySegments } from '../repository-pattern.ts';
import type { Situation } from '../situation.ts';
import { decideBoth, differences } from './difference.ts';
import type { Difference, TwoDecisions } from './difference.ts';

/** One token request, as an audit line records it. */
export interface RecordedRequest {
  /** The time of the audit line, as recorded; empty: it is missing. The situation then has the default time. */
  readonly time: string;
  readonly situation: Situation;
  /** The number of the user's groups that the line does not list. */
  readonly groupsMissing: number;
  /** Whether the credential had limits that the line does not list. */
  readonly areLimitsMissing?: boolean;
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
  /** The last time it was asked for. ISO 8601 times compare as text. */
  readonly last: string;
}

export interface ReplayResult {
  /** The number of scopes that were decided again. */
  readonly decisions: number;
  readonly changed: readonly ChangedAccess[];
  /** The number of changed decisions that are not listed. */
  readonly unlisted: number;
  /** The number of decisions that cannot be repeated, because the user was in more groups than a line lists. */
  readonly withoutGroups: number;
  /** The same, because the token had more limits than a line lists. */
  readonly withoutLimits: number;
  /** The same, because a rule names an attribute that the policy of that time did not. */
  readonly withoutAttributes: number;
  /** The same, because a condition depends on the time, which the line does not record. */
  readonly withoutTime: number;
  /** Decisions that the older policy does not make as recorded. */
  readonly disagreeing: { readonly decisions: number; readonly revisions: readonly string[]; readonly example: string };
}

interface Replay {
  add(request: RecordedRequest): void;
  result(): ReplayResult;
}

const MAX_LISTED = 10_000;
const MAX_REVISIONS = 20;

/** @param onChange called for each decision that is another one by the newer policy */
export function createReplay(
  before: Policy,
  after: Policy,
  onChange: (request: RecordedRequest, both: TwoDecisions) => void = () => undefined,
): Replay {
  const changed = new Map<string, ChangedAccess>();
  const revisions = new Set<string>();
  const counts = {
    decisions: 0,
    unlisted: 0,
    withoutGroups: 0,
    withoutLimits: 0,
    withoutAttributes: 0,
    withoutTime: 0,
    disagreeing: 0,
  };
  const isTimed = [before, after].some(mayDependOnTime);
  let example = '';

  function note(request: RecordedRequest, asked: Scope, difference: Difference): void {
    const { caller, service } = request.situation;
    const [user, backend] = caller.kind === 'user' ? [caller.identity.username, caller.identity.backend] : ['', ''];
    const resource = `${asked.type}:${asked.name}`;
    const key = JSON.stringify([user, backend, service, resource, difference.change, difference.actions]);
    const known = changed.get(key);
    if (known === undefined && changed.size >= MAX_LISTED) {
      counts.unlisted += 1;
      return;
    }
    const last = known === undefined || known.last < request.time ? request.time : known.last;
    changed.set(key, { ...difference, user, backend, service, resource, times: (known?.times ?? 0) + 1, last });
  }

  function compare(request: RecordedRequest, asked: Scope, recorded: readonly string[]): void {
    const { situation, groupsMissing, areLimitsMissing = false, revision } = request;
    if (groupsMissing > 0) return void (counts.withoutGroups += 1);
    if (areLimitsMissing) return void (counts.withoutLimits += 1);
    if (lacksAttribute(before, situation, asked) || lacksAttribute(after, situation, asked)) {
      return void (counts.withoutAttributes += 1);
    }
    if (isTimed && request.time === '') return void (counts.withoutTime += 1);
    counts.decisions += 1;
    const both = decideBoth(before, after, situation, asked);
    if (!isAsRecorded(both.before, recorded)) {
      counts.disagreeing += 1;
      if (revisions.size < MAX_REVISIONS) revisions.add(revision);
      if (example === '') example = sentence(request, asked, recorded, both.before);
    }
    const found = differences(both);
    if (found.length > 0) onChange(request, both);
    for (const difference of found) note(request, asked, difference);
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

function mayDependOnTime({ rules }: Policy): boolean {
  return rules.some(({ conditions }) =>
    conditions.some((condition) => condition.samples === undefined || dependsOn(condition, 'time')),
  );
}

/** Whether a rule that may match names an attribute that the line does not record. */
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
