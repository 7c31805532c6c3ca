/** `services: [eu.*]`: the services a rule is for. */
import type { NamePattern } from '../../core/policy/name-pattern.ts';
import { defineCondition } from '../../core/policy/condition.ts';
import type { Condition } from '../../core/policy/condition.ts';
import { parseNamePattern } from '../../core/policy/name-pattern.ts';
import { globCovers, globsMeet, nameGlob } from '../../core/policy/relation/globs.ts';
import { names } from '../who-schema.ts';
import { reportSentence } from './kind.ts';
import type { ConditionKind } from './kind.ts';

const make = defineCondition<readonly NamePattern[]>({
  kind: 'services',
  text: (patterns) => JSON.stringify(textsOf(patterns).toSorted()),
  holds: (patterns, { service }) => patterns.some((pattern) => pattern.match(service) !== undefined),
  covers: (wide, narrow) =>
    narrow.every(({ text }) => wide.some((own) => globCovers(nameGlob(own.text), nameGlob(text)))),
  meets: (a, b) => a.some((one) => b.some((other) => globsMeet(nameGlob(one.text), nameGlob(other.text)))),
  attributes: () => [],
  samples: (patterns) => ({ service: textsOf(patterns) }),
  phrases: (patterns) => ({
    values: textsOf(patterns),
    nearMiss: 'for the service',
    because: 'service',
    requirement: `asked for the service ${textsOf(patterns).join(', ')}`,
    scope: 'for the service',
  }),
});

function textsOf(patterns: readonly NamePattern[]): readonly string[] {
  return patterns.map(({ text }) => text);
}

export const services: ConditionKind = {
  key: 'services',
  description: 'The services that the rule applies to. `*` matches any characters. Default: all.',
  schema: names.transform((texts, context): Condition => {
    const patterns = texts.flatMap((text, at): readonly NamePattern[] => {
      const pattern = parseNamePattern(text);
      if (typeof pattern !== 'string') return [pattern];
      reportSentence(context, [at], `the pattern "${text}" ${pattern}`);
      return [];
    });
    return make(patterns);
  }),
  evaluation: 'any',
  examples: [['one'], ['two'], ['o*', 'two']],
};
