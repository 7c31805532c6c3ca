/** Finds everything in a policy that works but is probably a mistake. Each finding is certain. */
import type { Policy } from '../policy.ts';
import type { Finding } from './finding.ts';
import { foldedNameFindings } from './folded-names.ts';
import { removableRules } from './removable.ts';
import { MAX_PAIRS, pairFindings } from './rule-pairs.ts';
import { singleRuleFindings } from './single-rules.ts';
import { sourceFindings } from './sources.ts';
import type { Sources } from './sources.ts';

interface LintResult {
  /** In the order of the file. */
  readonly findings: readonly Finding[];
  /** False if there were too many rules to compare all pairs. */
  readonly complete: boolean;
}

/** @param sources undefined: the backends are unknown */
export function lintPolicy(
  policy: Policy,
  sources: Sources | undefined,
  { maxPairs = MAX_PAIRS }: { readonly maxPairs?: number } = {},
): LintResult {
  const pairs = pairFindings(policy, maxPairs);
  const single = singleRuleFindings(policy);
  const found = [...single, ...pairs.findings];
  const findings = [
    ...single,
    ...pairs.findings,
    ...removableRules(policy, found),
    ...(sources === undefined ? [] : [...sourceFindings(policy, sources), ...foldedNameFindings(policy, sources)]),
  ];
  return { findings: findings.toSorted((a, b) => a.rule.index - b.rule.index), complete: pairs.complete };
}
