/** The changes that a replay finds, for people: equal ones together, and sums for each user and each repository. */
import type { Action, Reason } from '../../access.ts';
import { differences } from './difference.ts';
import type { TwoDecisions } from './difference.ts';
import type { RecordedRequest } from './replay.ts';

/** What one user gets for one repository before and after. */
export interface DecisionChange {
  /** Empty for anonymous. */
  readonly user: string;
  readonly backend: string;
  readonly service: string;
  /** `repository`, `registry` */
  readonly type: string;
  readonly name: string;
  readonly before: readonly Action[];
  readonly after: readonly Action[];
  /** The rules of each policy that concern the actions that change. */
  readonly rulesBefore: readonly Reason[];
  readonly rulesAfter: readonly Reason[];
  /** How often it was asked for. */
  readonly times: number;
  /** The last time, as recorded. */
  readonly last: string;
}

/** The number of decisions that gain or lose an action; one that does both is in both. */
interface ChangeCounts {
  readonly gained: number;
  readonly lost: number;
}

/** The sums of one user, or of one repository. */
interface ChangeSum extends ChangeCounts {
  readonly name: string;
}

export interface CollectedChanges extends ChangeCounts {
  /** The number of decisions that change. */
  readonly decisions: number;
  /** Those that lose something first, and of these the most frequent ones. */
  readonly changes: readonly DecisionChange[];
  /** The number of changes that are not listed. */
  readonly unlisted: number;
  /** Those with the most decisions, which are not more than `most` either. */
  readonly users: readonly ChangeSum[];
  readonly repositories: readonly ChangeSum[];
}

interface Collecting {
  add(request: RecordedRequest, both: TwoDecisions): void;
  /** @param most the length of each list */
  result(most: number): CollectedChanges;
}

export function collectChanges(): Collecting {
  const changes = new Map<string, DecisionChange>();
  const users = new Map<string, ChangeSum>();
  const repositories = new Map<string, ChangeSum>();
  let [decisions, gained, lost] = [0, 0, 0];

  return {
    add: (request, both) => {
      const change = changeOf(request, both);
      const { user, backend, service, type, name, before, after } = change;
      const key = JSON.stringify([user, backend, service, type, name, before, after]);
      changes.set(key, joined(changes.get(key), change));
      const counts = countsOf(both);
      decisions += 1;
      gained += counts.gained;
      lost += counts.lost;
      addTo(users, user, counts);
      if (type === 'repository' && name !== '') addTo(repositories, name, counts);
    },
    result: (most) => ({
      decisions,
      gained,
      lost,
      changes: [...changes.values()].toSorted(byLoss).slice(0, most),
      unlisted: Math.max(changes.size - most, 0),
      users: largest(users, most),
      repositories: largest(repositories, most),
    }),
  };
}

function changeOf({ situation, time }: RecordedRequest, both: TwoDecisions): DecisionChange {
  const { caller, service } = situation;
  const { username, backend } = caller.kind === 'user' ? caller.identity : { username: '', backend: '' };
  const { type, name } = both.before.asked;
  const found = differences(both);
  return {
    user: username,
    backend,
    service,
    type,
    name,
    before: both.before.granted,
    after: both.after.granted,
    rulesBefore: distinct(found.flatMap(({ before }) => before)),
    rulesAfter: distinct(found.flatMap(({ after }) => after)),
    times: 1,
    last: time,
  };
}

/** ISO 8601 times compare as text. The rules of the last decision stand for all: groups may have changed in between. */
function joined(known: DecisionChange | undefined, change: DecisionChange): DecisionChange {
  if (known === undefined) return change;
  const later = known.last < change.last ? change : known;
  return { ...later, times: known.times + 1 };
}

/** What is gained and what is lost can have the same rules. */
function distinct(reasons: readonly Reason[]): readonly Reason[] {
  return [...new Set(reasons)];
}

function countsOf({ before, after }: TwoDecisions): ChangeCounts {
  const isIn = (actions: readonly Action[], others: readonly Action[]): boolean =>
    actions.every((action) => others.includes(action));
  return {
    gained: isIn(after.granted, before.granted) ? 0 : 1,
    lost: isIn(before.granted, after.granted) ? 0 : 1,
  };
}

function addTo(sums: Map<string, ChangeSum>, name: string, { gained, lost }: ChangeCounts): void {
  const known = sums.get(name) ?? { name, gained: 0, lost: 0 };
  sums.set(name, { name, gained: known.gained + gained, lost: known.lost + lost });
}

function byLoss(a: DecisionChange, b: DecisionChange): number {
  return Number(losesSome(b)) - Number(losesSome(a)) || b.times - a.times || (a.user < b.user ? -1 : 1);
}

function losesSome({ before, after }: DecisionChange): boolean {
  return before.some((action) => !after.includes(action));
}

function largest(sums: ReadonlyMap<string, ChangeSum>, most: number): readonly ChangeSum[] {
  return [...sums.values()].toSorted((a, b) => b.gained + b.lost - (a.gained + a.lost)).slice(0, most);
}
