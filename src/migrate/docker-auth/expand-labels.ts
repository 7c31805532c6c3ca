/**
 * docker_auth inserts the value of a label into the pattern unquoted: `test-*` as a value is a wildcard. A policy takes
 * values literally, so a rule whose labels have such values is translated once for each value.
 */
import { parseMatchPattern, regexOf } from '../../config/match/match-pattern.ts';
import { quoteMeta } from '../../config/match/go-glob.ts';
import type { AclField, AclRule } from './acl.ts';
import { ACL_FIELDS } from './acl.ts';
import { labelsIn } from './placeholders.ts';
import type { World } from './world.ts';

const MAX_RULES = 200;

/** @returns the rules, or why it cannot be done */
export function expandLabels(rule: AclRule, world: World): readonly AclRule[] | string {
  let rules: readonly AclRule[] = [rule];
  for (const field of ACL_FIELDS) {
    for (const label of labelsToExpand(rule.fields[field], world)) {
      if (rule.labels.has(label)) return `the label ${label} has values with wildcards, and a condition as well`;
      const expanded: (AclRule | undefined)[] = rules.flatMap((one) =>
        (world.labels.get(label)?.values ?? []).map((value) => withValue(one, field, label, value)),
      );
      if (!expanded.every((one) => one !== undefined))
        return `the values of the label ${label} cannot be written as patterns`;
      if (expanded.length > MAX_RULES) return `the values of its labels need more than ${MAX_RULES} rules`;
      rules = expanded;
    }
  }
  return rules;
}

function labelsToExpand(text: string | undefined, { labels }: World): readonly string[] {
  if (text === undefined) return [];
  const used = labelsIn(text);
  const special = regexOf(text) === undefined ? /[\\*?[]|^\/.*\/$/ : /[\\.+*?()|[\]{}^$]/;
  const isOdd = used.length > 1 && typeof parseMatchPattern(text) === 'string';
  return [...new Set(used)].filter((label) => {
    const values = labels.get(label)?.values;
    return values !== undefined && (isOdd || values.some((value) => special.test(value)));
  });
}

function withValue(rule: AclRule, field: AclField, label: string, value: string): AclRule | undefined {
  const condition = quoteMeta(value);
  const before = rule.labels.get(label);
  if (value.includes('${') || (before !== undefined && before !== condition)) return undefined;
  const text = rule.fields[field]?.replaceAll(`\${labels:${label}}`, () => value);
  return {
    ...rule,
    fields: { ...rule.fields, ...(text === undefined ? {} : { [field]: text }) },
    labels: new Map(rule.labels).set(label, condition),
  };
}
