/** The rules that must not match, so that one policy grants an action by a rule, and another one does not. */
import type { Action } from '../../access.ts';
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';

/** The rules because of which the policy does not grant the action, although the rule allows it. */
export function rulesAgainst(
  { evaluation, repositories, catalog }: Policy,
  rule: Rule,
  action: Action,
  segments: readonly string[] | undefined,
): readonly Rule[] {
  const near = segments === undefined ? catalog : [...repositories.fitting(segments)];
  if (evaluation === 'first-match') return near.filter(({ index }) => index < rule.index);
  return near.filter((one) => one.effect === 'deny' && (segments === undefined || denies(one, action)));
}

/**
 * The rules because of which the policy grants the action.
 *
 * @param decisive the rule that prevents the grant; undefined: no rule does
 */
export function rulesFor(
  policy: Policy,
  decisive: Rule | undefined,
  action: Action,
  segments: readonly string[] | undefined,
): readonly Rule[] {
  const { evaluation, repositories, catalog } = policy;
  if (decisive !== undefined) return evaluation === 'union' ? [] : rulesAgainst(policy, decisive, action, segments);
  const near = segments === undefined ? catalog : [...repositories.fitting(segments)];
  return near.filter(
    (one) =>
      evaluation === 'first-match' || (one.effect === 'allow' && (segments === undefined || grants(one, action))),
  );
}

export function grants({ actions }: Pick<Rule, 'actions'>, action: Action): boolean {
  return actions.includes('*') || actions.includes(action);
}

/** A denial of anything denies `*`. */
export function denies({ actions }: Rule, action: Action): boolean {
  return action === '*' || actions.includes('*') || actions.includes(action);
}
