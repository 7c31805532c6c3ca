/** Findings about pairs of rules. */
import type { Action } from '../../access.ts';
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';
import { ruleCovers, rulesMeet } from '../relation/rules.ts';
import { named } from './finding.ts';
import type { Finding } from './finding.ts';
import { neighboursOf } from './neighbours.ts';

interface PairFindings {
  readonly findings: readonly Finding[];
  /** False if there were too many pairs to compare all of them. */
  readonly complete: boolean;
}

/** Pairs that are compared, each in some microseconds. */
export const MAX_PAIRS = 3_000_000;

export function pairFindings(policy: Policy, maxPairs: number): PairFindings {
  const budget = { left: maxPairs };
  const findings =
    policy.evaluation === 'union'
      ? [...coveredFindings(policy, budget), ...denialsWithoutEffect(policy, budget)]
      : unreachable(policy, budget);
  return { findings, complete: budget.left > 0 };
}

interface Budget {
  left: number;
}

function coveredFindings({ rules }: Policy, budget: Budget): readonly Finding[] {
  const { wider: near } = neighboursOf(rules);
  return rules.flatMap((rule): readonly Finding[] => {
    const others = near(rule);
    const covers = (other: Rule): boolean => other !== rule && (budget.left -= 1) > 0 && ruleCovers(other, rule);
    const denial =
      rule.effect === 'allow'
        ? others.find((other) => other.effect === 'deny' && deniesAll(other, rule.actions) && covers(other))
        : undefined;
    if (denial !== undefined) {
      const message = `has no effect: ${named(denial)} denies all of it`;
      const cure = 'remove it, or except its users there';
      return [{ code: 'eaten-by-deny', severity: 'warning', rule, message, cure }];
    }
    const wider = others.find(
      (other) =>
        other.effect === rule.effect &&
        includesAll(other.actions, rule.actions) &&
        covers(other) &&
        // Of two equal rules, the later one adds nothing.
        (other.index < rule.index || !(includesAll(rule.actions, other.actions) && ruleCovers(rule, other))),
    );
    if (wider === undefined) return [];
    const verb = rule.effect === 'allow' ? 'allows' : 'denies';
    const message = `adds nothing: ${named(wider)} ${verb} all of it already`;
    return [{ code: 'adds-nothing', severity: 'warning', rule, message, cure: 'remove it, or narrow the other' }];
  });
}

/** Deny rules that match nothing that an allow rule allows. */
function denialsWithoutEffect({ rules }: Policy, budget: Budget): readonly Finding[] {
  const allows = neighboursOf(rules.filter(({ effect }) => effect === 'allow'));
  return rules.flatMap((rule): readonly Finding[] => {
    if (rule.effect !== 'deny') return [];
    const hasEffect = allows
      .touching(rule)
      .some((allow) => (budget.left -= 1) <= 0 || (concerns(rule, allow) && rulesMeet(rule, allow)));
    if (hasEffect) return [];
    const message = 'denies what no rule allows, so that it never has an effect';
    const cure = 'correct its repositories, users or actions, or remove it';
    return [{ code: 'deny-without-bite', severity: 'warning', rule, message, cure }];
  });
}

/** With first-match evaluation, a rule after one that covers it is never reached. */
function unreachable({ rules }: Policy, budget: Budget): readonly Finding[] {
  const { wider: near } = neighboursOf(rules);
  return rules.flatMap((rule): readonly Finding[] => {
    const before = near(rule).find(
      (other) => other.index < rule.index && (budget.left -= 1) > 0 && ruleCovers(other, rule),
    );
    if (before === undefined) return [];
    const message = `is never reached: ${named(before)} matches all of it before`;
    return [{ code: 'unreachable', severity: 'warning', rule, message, cure: 'remove it, or move it up' }];
  });
}

function includesAll(wide: readonly Action[], narrow: readonly Action[]): boolean {
  return wide.includes('*') || narrow.every((action) => wide.includes(action));
}

function deniesAll(deny: Rule, actions: readonly Action[]): boolean {
  const denied = deny.actions;
  if (denied.includes('*')) return true;
  const allowed: readonly Action[] = actions.includes('*') ? ['pull', 'push', 'delete'] : actions;
  return allowed.every((action) => denied.includes(action));
}

/** Whether a denial denies one of these actions. Any denial of the catalog denies all of it. */
function concerns({ actions: denied, catalog }: Rule, allow: Rule): boolean {
  const allowed = allow.actions;
  if (catalog && allow.catalog) return true;
  return denied.includes('*') || allowed.includes('*') || denied.some((action) => allowed.includes(action));
}
