/** Rules without which no decision changes, although no single rule shows it. */
import { compareByClasses } from '../diff/classes.ts';
import type { Policy } from '../policy.ts';
import { createRuleIndex } from '../rule-index.ts';
import type { Rule } from '../rule.ts';
import type { Finding, FindingCode } from './finding.ts';

/** The search compares the policy with itself once for each rule. */
const MAX_RULES = 200;
/** The bound on the work for one rule, see `Effort`. */
const MAX_UNITS = 2_000_000;

/** Rules with these findings change no decision. They are not reported twice. */
const WITHOUT_EFFECT = new Set<FindingCode>([
  'never-applies',
  'matches-no-repository',
  'adds-nothing',
  'unreachable',
  'eaten-by-deny',
  'deny-without-bite',
]);

/**
 * Each rule can be removed alone. It is also tested without those that were found before it, so that all of them can be
 * removed together.
 * A denial at the end of an imported policy often repeats the default on purpose, so none is reported there.
 *
 * @param found findings of other kinds
 */
export function removableRules(policy: Policy, found: readonly Finding[]): readonly Finding[] {
  if (policy.rules.length > MAX_RULES) return [];
  const known = new Set(found.filter(({ code }) => WITHOUT_EFFECT.has(code)).map(({ rule }) => rule));
  const repeated = found.filter(({ code }) => code === 'adds-nothing').map(({ rule }) => rule);
  let rest = withoutRules(policy, new Set(repeated));
  const findings: Finding[] = [];
  for (const rule of rest.rules.toReversed()) {
    if (known.has(rule) || (policy.evaluation === 'first-match' && rule.effect === 'deny')) continue;
    const less = withoutRules(rest, new Set([rule]));
    if (!areEqual(policy, withoutRules(policy, new Set([rule]))) || !areEqual(rest, less)) continue;
    rest = less;
    const message = 'adds nothing: without it, no decision changes, because of the other rules together';
    findings.push({ code: 'adds-nothing', severity: 'warning', rule, message, cure: 'remove it' });
  }
  return findings;
}

/** Whether the policies are proved to decide every request in the same way. */
function areEqual(before: Policy, after: Policy): boolean {
  const { classes, complete, undecided } = compareByClasses(before, after, { maxClasses: 1, maxUnits: MAX_UNITS });
  return classes.length === 0 && complete && undecided.length === 0;
}

function withoutRules(policy: Policy, removed: ReadonlySet<Rule>): Policy {
  const rules = policy.rules.filter((rule) => !removed.has(rule));
  const repositories = createRuleIndex();
  for (const rule of rules) repositories.add(rule);
  return { ...policy, rules, repositories, catalog: policy.catalog.filter((rule) => !removed.has(rule)) };
}
