/** Whether a rule matches a request, and through which of the caller's groups. */
import type { Caller } from '../../identity.ts';
import { bindingsFor } from '../bindings.ts';
import { bindingFits } from '../decide.ts';
import type { Rule } from '../rule.ts';
import type { Situation } from '../situation.ts';
import type { CompiledWho } from '../who.ts';

/** @param segments undefined: the catalog */
export function whoMatches(
  who: CompiledWho,
  rule: Rule,
  caller: Caller,
  segments: readonly string[] | undefined,
): boolean {
  const bindings = bindingsFor(who, caller);
  if (bindings.length === 0) return false;
  if (segments === undefined) return rule.catalog;
  return rule.repositories.some((pattern) => bindings.some((binding) => bindingFits(pattern, segments, binding)));
}

export function conditionsHold(rule: Rule, situation: Situation, segments: readonly string[] | undefined): boolean {
  const name = segments?.join('/') ?? 'catalog';
  return rule.conditions.every((condition) => condition.holds(situation, name));
}
