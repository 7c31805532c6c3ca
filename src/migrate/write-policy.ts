/** Writes rules as `policy.yaml`. */
import type { RuleDraft } from './rule-draft.ts';
import { yamlText } from './write-yaml.ts';

interface PolicyText {
  readonly comment: readonly string[];
  readonly evaluation?: 'first-match';
  readonly rules: readonly RuleDraft[];
  /** The source file of the rules, for the comment above each rule. */
  readonly source: string;
}

export function policyText({ comment, evaluation, rules, source }: PolicyText): string {
  const written = rules.map((rule) => ({ ...rule, line: undefined }));
  return yamlText({ ...(evaluation === undefined ? {} : { evaluation }), rules: written }, comment, {
    key: 'rules',
    comments: rules.map(({ line }) => `${source}:${line}`),
  });
}
