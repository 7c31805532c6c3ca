/** Everything in a policy that works but is probably not meant. Nothing is said that is not so. */
import type { Policy } from '../policy.ts';
import type { Finding } from './finding.ts';
import { MOST_PAIRS, pairFindings } from './rule-pairs.ts';
import { singleRuleFindings } from './single-rules.ts';
import { sourceFindings } from './sources.ts';
import type { Sources } from './sources.ts';

export interface LintResult {
  /** In the order of the file. */
  readonly findings: readonly Finding[];
  /** False when there were too many rules to compare all of them with each other. */
  readonly complete: boolean;
}

/** @param sources undefined: nothing is known of where users come from */
export function lintPolicy(
  policy: Policy,
  sources: Sources | undefined,
  { mostPairs = MOST_PAIRS }: { readonly mostPairs?: number } = {},
): LintResult {
  const pairs = pairFindings(policy, mostPairs);
  const findings = [
    ...singleRuleFindings(policy),
    ...pairs.findings,
    ...(sources === undefined ? [] : sourceFindings(policy, sources)),
  ];
  return { findings: findings.toSorted((a, b) => a.rule.index - b.rule.index), complete: pairs.complete };
}
