/** What in a policy works but is probably not meant. */
import type { Policy, Rule } from '../core/policy/policy.ts';
import type { YamlFile } from './load-yaml.ts';
import type { ConfigProblem } from './problems.ts';

export function policyWarnings({ rules }: Policy, yaml: YamlFile): readonly ConfigProblem[] {
  const firstLines = new Map<string, number>();
  return rules.flatMap((rule) => {
    const path = ['rules', rule.index];
    const messages = [...ruleWarnings(rule)];
    const first = firstLines.get(rule.name);
    if (first === undefined) firstLines.set(rule.name, rule.line);
    else messages.push(`has the name of the rule in line ${first}, so that explanations cannot tell them apart`);
    return messages.map((message) => yaml.problem(path, message));
  });
}

function* ruleWarnings({ effect, actions, except }: Rule): Generator<string> {
  if (except?.everyone === true) yield 'never applies, because it excepts everyone';
  const givesAll = actions.includes('*');
  if (effect === 'allow' && actions.includes('push') && !actions.includes('pull') && !givesAll) {
    yield 'allows push without pull, but registries ask for both when an image is pushed';
  }
}
