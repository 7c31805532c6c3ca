/** Which rules of two policies are to be looked at together. */
import type { Policy, Rule } from '../policy.ts';
import { alternativesOf } from './alternative.ts';
import type { Alternative } from './alternative.ts';
import type { Difference } from './difference.ts';
import { mayMeet } from './path.ts';
import type { Words } from './words.ts';

type Pair = readonly [Difference['change'], readonly Alternative[]];

/** Those that can show a difference; each rule alone first. */
export function* pairsOf(before: Policy, after: Policy, words: Words): Generator<Pair> {
  const [old, next] = [alternativesOf(before), alternativesOf(after)];
  if (isSame(before, after, old, next)) return;
  const isUnion = before.evaluation === 'union' && after.evaluation === 'union';
  const sides = [
    { change: 'lost', own: old, other: next },
    { change: 'gained', own: next, other: old },
  ] as const;
  for (const { change, own, other } of sides) {
    const [ownKeys, otherKeys] = [keysOf(own), keysOf(other)];
    const allowing = own.filter(({ rule }) => rule.effect === 'allow');
    for (const one of allowing) if (!isUnion || !otherKeys.has(one.key)) yield [change, [one]];
    const against = isUnion ? other.filter(({ rule, key }) => rule.effect === 'deny' && !ownKeys.has(key)) : other;
    for (const one of against) {
      for (const allow of allowing) if (meets(allow, one)) yield [change, [allow, one]];
    }
  }

  function meets({ pattern }: Alternative, { pattern: other }: Alternative): boolean {
    if (pattern === undefined || other === undefined) return pattern === other;
    return mayMeet(pattern, other, words);
  }
}

function keysOf(alternatives: readonly Alternative[]): ReadonlySet<string> {
  return new Set(alternatives.map(({ key }) => key));
}

/** Where the first match decides, the order is part of a policy. */
function isSame(before: Policy, after: Policy, old: readonly Alternative[], next: readonly Alternative[]): boolean {
  if (before.evaluation !== after.evaluation) return false;
  if (before.evaluation === 'union') return keysOf(old).symmetricDifference(keysOf(next)).size === 0;
  return old.length === next.length && old.every(({ key }, index) => key === next[index]?.key);
}

/** Rules with a `match` that are not the same in both. */
export function untoldRules(before: Policy, after: Policy): readonly Rule[] {
  const [old, next] = [alternativesOf(before), alternativesOf(after)];
  const [oldKeys, nextKeys] = [keysOf(old), keysOf(next)];
  const changed = [...old.filter(({ key }) => !nextKeys.has(key)), ...next.filter(({ key }) => !oldKeys.has(key))];
  return [...new Set(changed.flatMap(({ rule }) => (rule.match === undefined ? [] : [rule])))];
}
