/** Where the search for changed decisions is not exhaustive: shapes of names for which it does not try every request. */
import { askersOf, askersMeet } from '../asker.ts';
import type { Asker } from '../asker.ts';
import { exceptionsOf } from '../condition.ts';
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';

/** @returns the reasons, each a phrase after "because"; empty: the search is exhaustive for these policies */
export function searchGaps(policies: readonly Policy[]): readonly string[] {
  const rules = policies.flatMap((policy) => policy.rules);
  const reasons = [
    ...rules.flatMap((rule) => [...ruleGaps(rule)]),
    ...capturesThatMeet(rules),
    ...severalExceptions(rules),
  ];
  return [...new Set(reasons)];
}

function* ruleGaps(rule: Rule): Generator<string> {
  for (const asker of [...askersOf(rule.who), ...exceptionsOf(rule.conditions)]) {
    if (asker.kind === 'everyone') continue;
    const { text, captures } = asker.pair.exact;
    if (asker.kind === 'user' && captures.length > 0) yield `${place(rule)} captures a part of a user name`;
    if ((text.match(WILDCARD)?.length ?? 0) > 1) yield `${place(rule)} has a name with two wildcards, "${text}"`;
  }
  for (const { text } of rule.repositories)
    if (/[^/]\{group\}|\{group\}[^/]/.test(text) || /\{group\}/.test(text.replace('{group}', '')) || isMixed(text))
      yield `${place(rule)} combines {group} with other text or values, in "${text}"`;
}

function isMixed(text: string): boolean {
  return text.includes('{group}') && /\{(?!group\}|user\})/.test(text);
}

/** A capture differs from another pattern in the case of letters, and in that it is never empty. */
function* capturesThatMeet(rules: readonly Rule[]): Generator<string> {
  const groups = rules.flatMap((rule) =>
    [...askersOf(rule.who), ...exceptionsOf(rule.conditions)].flatMap((asker) =>
      asker.kind === 'group' ? [{ rule, asker }] : [],
    ),
  );
  const texts = new Map(groups.map((one) => [one.asker.pair.exact.text, one]));
  for (const { rule, asker } of texts.values()) {
    if (asker.pair.exact.captures.length === 0) continue;
    const other = [...texts.values()].find((one) => one.asker !== asker && meetAsNames(one.asker, asker));
    if (other !== undefined) {
      const { exact } = other.asker.pair;
      yield `${place(rule)} captures a part of group names that "${exact.text}" of ${place(other.rule)} matches as well`;
    }
  }
}

function meetAsNames(a: Asker, b: Asker): boolean {
  if (a.kind === 'everyone' || b.kind === 'everyone') return false;
  return askersMeet({ kind: 'user', pair: a.pair }, { kind: 'user', pair: b.pair });
}

function severalExceptions(rules: readonly Rule[]): readonly string[] {
  const patterns = rules
    .flatMap(({ conditions }) => exceptionsOf(conditions))
    .flatMap((asker) =>
      asker.kind === 'user' && asker.pair.exact.literal === undefined ? [asker.pair.exact.text] : [],
    );
  return new Set(patterns).size > 1 ? ['several rules except users by patterns'] : [];
}

const WILDCARD = /\*|\{[^{}]*\}/g;

function place({ name, file, line }: Rule): string {
  return `"${name}" (${file}:${line})`;
}
