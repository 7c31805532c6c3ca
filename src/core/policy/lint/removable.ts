/** Rules without which no decision changes, although no single rule shows it. */
import { compareByClasses } from '../diff/classes.ts';
import type { Policy } from '../policy.ts';
import { createRuleIndex } from '../rule-index.ts';
import type { Rule } from '../rule.ts';
import type { Finding, FindingCode, Gap } from './finding.ts';

/** The search compares the policy with itself once for each rule. No rule of a larger policy is tested. */
export const MAX_TESTED_RULES = 200;
/** The bound on the work for all rules together, see `Effort`: some seconds. Each rule has an equal share of it. */
export const MAX_UNITS = 400_000_000;
/** A rule in a small policy has no more than this. */
const MAX_UNITS_PER_RULE = 10_000_000;

/** Rules with these findings change no decision. They are not reported twice. */
const WITHOUT_EFFECT = new Set<FindingCode>([
  'never-applies',
  'matches-no-repository',
  'adds-nothing',
  'unreachable',
  'eaten-by-deny',
  'deny-without-bite',
]);

interface Removable {
  readonly findings: readonly Finding[];
  /** The rules of which it is not known whether they can be removed. */
  readonly gaps: readonly Gap[];
}

/**
 * Each rule that is found can be removed alone. It is also tested without those that were found before it, so that all
 * of them can be removed together.
 * A denial at the end of an imported policy often repeats the default on purpose, so none is reported there.
 *
 * @param found findings of other kinds
 * @param maxUnits the bound on the work for all rules, see `Effort`
 */
export function removableRules(policy: Policy, found: readonly Finding[], maxUnits: number): Removable {
  if (policy.rules.length > MAX_TESTED_RULES) return { findings: [], gaps: [] };
  const known = new Set(found.filter(({ code }) => WITHOUT_EFFECT.has(code)).map(({ rule }) => rule));
  const repeated = found.filter(({ code }) => code === 'adds-nothing').map(({ rule }) => rule);
  const share = Math.min(MAX_UNITS_PER_RULE, maxUnits / policy.rules.length);
  let rest = withoutRules(policy, new Set(repeated));
  const findings: Finding[] = [];
  const gaps: Gap[] = [];
  for (const rule of rest.rules.toReversed()) {
    if (known.has(rule) || (policy.evaluation === 'first-match' && rule.effect === 'deny')) continue;
    const doubts = doubtsAbout(rule, [policy, rest], share);
    if (doubts === undefined) continue;
    if (doubts.length > 0) {
      gaps.push({ rule, message: `may add nothing, which is not proved: ${doubts.join('; ')}` });
      continue;
    }
    rest = withoutRules(rest, new Set([rule]));
    const message = 'adds nothing: without it, no decision changes, because of the other rules together';
    findings.push({ code: 'adds-nothing', severity: 'warning', rule, message, cure: 'remove it' });
  }
  return { findings, gaps };
}

/**
 * @returns why it is not proved that no decision of these policies changes without the rule; empty: it is proved;
 * undefined: a decision changes
 */
function doubtsAbout(rule: Rule, policies: readonly Policy[], maxUnits: number): readonly string[] | undefined {
  const doubts = new Set<string>();
  for (const policy of policies) {
    const less = withoutRules(policy, new Set([rule]));
    const { classes, gaps, undecided } = compareByClasses(policy, less, { maxClasses: 1, maxUnits });
    if (classes.length > 0) return undefined;
    for (const gap of gaps) doubts.add(gap);
    if (undecided.length > 0) doubts.add('rules have conditions that only a request can show');
  }
  return [...doubts];
}

function withoutRules(policy: Policy, removed: ReadonlySet<Rule>): Policy {
  const rules = policy.rules.filter((rule) => !removed.has(rule));
  const repositories = createRuleIndex();
  for (const rule of rules) repositories.add(rule);
  return { ...policy, rules, repositories, catalog: policy.catalog.filter((rule) => !removed.has(rule)) };
}
