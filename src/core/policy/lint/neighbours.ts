/** Finds the rules that can relate to a rule, by the literal segments that their repository patterns begin with. */
import type { Rule } from '../rule.ts';
import type { RepositoryPattern } from '../repository-pattern.ts';

interface Neighbours {
  /** Rules that may cover a rule: one of their patterns begins with no more literal segments than its first pattern. */
  wider(rule: Rule): readonly Rule[];
  /** Rules that may meet a rule: one of two patterns begins with all literal segments of the other. */
  touching(rule: Rule): Generator<Rule>;
}

export function neighboursOf(rules: readonly Rule[]): Neighbours {
  const at = new Map<string, Rule[]>();
  const below = new Map<string, Rule[]>();
  const catalog = rules.filter((rule) => rule.catalog);
  for (const rule of rules) {
    for (const pattern of rule.repositories) {
      const starts = startsOf(pattern);
      append(at, starts.at(-1) ?? '', rule);
      for (const start of starts) append(below, start, rule);
    }
  }
  return {
    wider: ({ repositories: [pattern] }) => {
      if (pattern === undefined) return catalog;
      const rulesAt = startsOf(pattern).flatMap((start) => at.get(start) ?? []);
      return [...new Set(rulesAt)].toSorted((a, b) => a.index - b.index);
    },
    *touching(rule) {
      if (rule.catalog) yield* catalog;
      for (const pattern of rule.repositories) {
        const starts = startsOf(pattern);
        yield* below.get(starts.at(-1) ?? '') ?? [];
        for (const start of starts.slice(0, -1)) yield* at.get(start) ?? [];
      }
    },
  };
}

/** The beginnings of a pattern, from none to all of the literal segments before the first wildcard. */
function startsOf({ segments }: RepositoryPattern): readonly string[] {
  const starts = [''];
  for (const segment of segments) {
    if (segment.kind !== 'literal') break;
    starts.push(`${starts.at(-1) ?? ''}${segment.key}/`);
  }
  return starts;
}

function append(map: Map<string, Rule[]>, key: string, rule: Rule): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [rule]);
  else if (list.at(-1) !== rule) list.push(rule);
}
