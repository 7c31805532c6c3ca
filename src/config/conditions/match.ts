/** `match: { account: "b*" }`: the patterns of imported rules, globs or regular expressions. */
import { defineCondition } from '../../core/policy/condition.ts';
import { matchPatterns } from '../match/match-condition.ts';
import type { MatchPatterns } from '../match/match-condition.ts';
import type { ConditionKind } from './kind.ts';

const make = defineCondition<MatchPatterns>({
  kind: 'match',
  text: ({ text }) => text,
  holds: (patterns, { caller, service }, name) => patterns.match({ caller, service, name }),
  covers: (wide, narrow) => wide.text === narrow.text,
  meets: () => true,
  attributes: ({ attributes }) => attributes,
  // No search finds texts for every regular expression.
  samples: () => undefined,
  phrases: ({ text }) => ({
    values: [text],
    nearMiss: 'where this holds:',
    because: 'condition',
    requirement: 'a condition of the rule, which only a request can show',
    scope: undefined,
  }),
});

export const match: ConditionKind = {
  key: 'match',
  description:
    'Patterns of imported rules, globs or /regular expressions/. All of them must match. With `evaluation: first-match` only; see [migration](../migration.md#the-policy).',
  schema: matchPatterns.transform(make),
  evaluation: 'first-match',
  examples: [{ account: 'b*' }, { name: '/^web/' }, { labels: { group: 'team-*' } }],
};
