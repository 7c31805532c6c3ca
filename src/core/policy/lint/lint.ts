/** Finds everything in a policy that works but is probably a mistake. Each finding is certain. */
import type { Policy } from '../policy.ts';
import type { Finding, Gap } from './finding.ts';
import { foldedNameFindings } from './folded-names.ts';
import { MAX_UNITS, removableRules } from './removable.ts';
import { MAX_PAIRS, pairFindings } from './rule-pairs.ts';
import { singleRuleFindings } from './single-rules.ts';
import { sourceFindings } from './sources.ts';
import type { Sources } from './sources.ts';
import { undeniedRobots } from './undenied-robots.ts';

interface LintResult {
  /** In the order of the file. */
  readonly findings: readonly Finding[];
  /** In the order of the file, those about the whole policy first. */
  readonly gaps: readonly Gap[];
}

interface Bounds {
  /** Of pairs of rules that are compared. */
  readonly maxPairs?: number;
  /** Of the work to find rules that several others make superfluous, see `Effort`. */
  readonly maxUnits?: number;
}

const TOO_MANY_PAIRS: Gap = {
  rule: undefined,
  message: 'not all rules were compared with each other: too many are for the same repositories',
};

/** @param sources undefined: the backends are unknown */
export function lintPolicy(
  policy: Policy,
  sources: Sources | undefined,
  { maxPairs = MAX_PAIRS, maxUnits = MAX_UNITS }: Bounds = {},
): LintResult {
  const pairs = pairFindings(policy, maxPairs);
  const single = [...singleRuleFindings(policy), ...undeniedRobots(policy)];
  const found = [...single, ...pairs.findings];
  const removable = removableRules(policy, found, maxUnits);
  const findings = [
    ...single,
    ...pairs.findings,
    ...removable.findings,
    ...(sources === undefined ? [] : [...sourceFindings(policy, sources), ...foldedNameFindings(policy, sources)]),
  ];
  const gaps: readonly Gap[] = [...(pairs.complete ? [] : [TOO_MANY_PAIRS]), ...removable.gaps.toReversed()];
  return { findings: findings.toSorted((a, b) => a.rule.index - b.rule.index), gaps };
}
