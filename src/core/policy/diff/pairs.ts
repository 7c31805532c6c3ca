/** The pairs of rules that two policies must be compared for. */
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';
import type { RepositoryPattern } from '../repository-pattern.ts';
import { alternativesOf } from './alternative.ts';
import type { Alternative } from './alternative.ts';
import type { Difference } from './difference.ts';
import { askersMeet } from '../asker.ts';
import { repositoriesMeet } from '../relation/repositories.ts';

/** A rule that allows, alone or with a rule of the other policy that may prevent the grant. */
type Pair = readonly [Difference['change'], readonly Alternative[]];

/** The pairs that can show a difference; each rule alone first. */
export function* pairsOf(before: Policy, after: Policy): Generator<Pair> {
  const [old, next] = partsOf(before, after);
  for (const { change, own, other } of [
    { change: 'lost', own: old, other: next },
    { change: 'gained', own: next, other: old },
  ] as const) {
    for (const one of own.alone.filter(allows)) yield [change, [one]];
    for (const against of other.against) {
      // A difference has a reason that is not in both policies.
      const allowing = other.changed.has(against) ? own.all : own.alone;
      for (const one of allowing) if (allows(one) && meets(one, against)) yield [change, [one, against]];
    }
  }
}

/** Whether the policies differ in more than the names and positions of rules. */
export function isChanged(before: Policy, after: Policy): boolean {
  const [old, next] = partsOf(before, after);
  return old.changed.size + next.changed.size > 0 || before.evaluation !== after.evaluation;
}

/** Rules with conditions that only a request can show, where the policies differ. */
export function undecidedRules(before: Policy, after: Policy): readonly Rule[] {
  if (!isChanged(before, after)) return [];
  const [old, next] = partsOf(before, after);
  const rules = [...next.all, ...old.all].filter(({ rule }) =>
    rule.conditions.some(({ samples }) => samples === undefined),
  );
  return [...new Map(rules.toReversed().map(({ rule, key }) => [key, rule])).values()].toReversed();
}

/** The alternatives of one policy. */
interface Part {
  readonly all: readonly Alternative[];
  /** Those that can show a difference without a rule of the other policy. */
  readonly alone: readonly Alternative[];
  /** Those that can prevent what the other policy allows. */
  readonly against: readonly Alternative[];
  readonly changed: ReadonlySet<Alternative>;
}

function partsOf(before: Policy, after: Policy): readonly [Part, Part] {
  const [old, next] = [alternativesOf(before), alternativesOf(after)];
  if (before.evaluation !== after.evaluation) return [partOf(old, old, old), partOf(next, next, next)];
  if (before.evaluation === 'union') return [unionPart(old, next), unionPart(next, old)];
  // With first-match evaluation, the common rules at the beginning decide the same. So do those at the end, unless a
  // rule between them comes first.
  const start = commonLength(old, next);
  const [oldRest, nextRest] = [old.slice(start), next.slice(start)];
  const end = commonLength(oldRest.toReversed(), nextRest.toReversed());
  return [
    partOf(oldRest, oldRest.slice(0, oldRest.length - end), oldRest),
    partOf(nextRest, nextRest.slice(0, nextRest.length - end), nextRest),
  ];
}

/** A denial that is in both policies prevents the same in both. */
function unionPart(own: readonly Alternative[], other: readonly Alternative[]): Part {
  const keys = new Set(other.map(({ key }) => key));
  const changed = own.filter(({ key }) => !keys.has(key));
  return partOf(
    own,
    changed,
    changed.filter(({ rule }) => rule.effect === 'deny'),
  );
}

function partOf(all: readonly Alternative[], changed: readonly Alternative[], against: readonly Alternative[]): Part {
  return { all, alone: changed, against, changed: new Set(changed) };
}

function commonLength(a: readonly Alternative[], b: readonly Alternative[]): number {
  const length = a.findIndex(({ key }, index) => key !== b[index]?.key);
  return length < 0 ? a.length : length;
}

function allows({ rule }: Alternative): boolean {
  return rule.effect === 'allow';
}

function meets(one: Alternative, other: Alternative): boolean {
  if (!askersMeet(one.who, other.who)) return false;
  if (one.pattern === undefined || other.pattern === undefined) return one.pattern === other.pattern;
  return mayBeginEqually(one.pattern, other.pattern) && repositoriesMeet(one.pattern, other.pattern);
}

/** In a large policy the first segment excludes most pairs. */
function mayBeginEqually({ segments: [a] }: RepositoryPattern, { segments: [b] }: RepositoryPattern): boolean {
  return a?.kind !== 'literal' || b?.kind !== 'literal' || a.key === b.key;
}
