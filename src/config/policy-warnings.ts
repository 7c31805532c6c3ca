/** What in a policy works but is probably not meant, as far as each rule alone tells it: the rest is for `lint`. */
import { singleRuleFindings } from '../core/policy/lint/single-rules.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { YamlFile } from './load-yaml.ts';
import type { ConfigProblem } from './problems.ts';

export function policyWarnings(policy: Policy, yaml: YamlFile): readonly ConfigProblem[] {
  return singleRuleFindings(policy)
    .filter(({ severity }) => severity === 'warning')
    .map(({ rule, message }) => yaml.problem(['rules', rule.index], message));
}
