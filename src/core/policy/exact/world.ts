/** What a search takes from the policies before it starts: words, separators, depths, services, addresses, times. */
import { askersOf } from '../asker.ts';
import { exceptionsOf } from '../condition.ts';
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';
import type { Effort } from './effort.ts';
import { limitsOf } from './limits.ts';
import { propertySamples } from './properties.ts';
import type { Properties } from './properties.ts';
import { wordsFor } from './words.ts';
import type { Words } from './words.ts';

/** How a source of users compares names: `exact`: with case; `folded`: without. */
export type Form = 'exact' | 'folded';

export interface World {
  readonly words: Words;
  readonly effort: Effort;
  readonly forms: readonly Form[];
  /** The texts between the wildcards of name patterns, one after another in each order. */
  readonly separators: readonly (readonly string[])[];
  /** The largest number of segments that is tried for a `**`. */
  readonly deepest: number;
  /** The services there are; undefined: any. */
  readonly services: readonly string[] | undefined;
  /** The client address, for rules that do not depend on it; undefined: any. */
  readonly client: string | undefined;
  readonly properties: Properties;
}

interface WorldOptions {
  readonly services?: readonly string[] | undefined;
  /** How the configured sources of users compare names; undefined: any. */
  readonly forms?: readonly Form[] | undefined;
  readonly client?: string | undefined;
}

/** @param policies those that are compared, and rules that are not in any of them */
export function worldOf(policies: readonly Pick<Policy, 'rules'>[], effort: Effort, options: WorldOptions = {}): World {
  const rules = policies.flatMap((policy) => policy.rules);
  const words = wordsFor(rules);
  for (const limit of limitsOf(rules, words)) effort.giveUp(limit);
  return {
    words,
    effort,
    forms: formsFor(rules, options.forms),
    separators: separatorsOf(rules),
    deepest: 1 + rules.flatMap(segmentCounts).reduce((most, segments) => Math.max(most, segments), 0),
    services: options.services,
    client: options.client,
    properties: propertySamples(rules, words, effort),
  };
}

/** If no pattern has upper-case letters, a source that ignores case has no users that another one cannot have. */
function formsFor(rules: readonly Rule[], configured: readonly Form[] = ['exact', 'folded']): readonly Form[] {
  const isExactEnough = configured.includes('exact') && !rules.some(isCaseSensitive);
  return isExactEnough ? ['exact'] : configured;
}

function isCaseSensitive({ who, conditions }: Rule): boolean {
  return [...askersOf(who), ...exceptionsOf(conditions)].some(
    (asker) => asker.kind !== 'everyone' && asker.pair.exact.text !== asker.pair.folded.text,
  );
}

function segmentCounts({ repositories }: Rule): readonly number[] {
  return repositories.map(({ segments }) => segments.length);
}

/** A pattern with several wildcards, one of them a capture, divides a name at the first occurrence of a separator. */
function separatorsOf(rules: readonly Rule[]): readonly (readonly string[])[] {
  const single = [...new Set(rules.flatMap(dividers))];
  return [...single.map((one) => [one]), ...single.flatMap((one) => single.map((other) => [one, other]))];
}

/** The texts after the wildcards of patterns that can divide a name in several ways. */
export function dividers({ who }: Pick<Rule, 'who'>): readonly string[] {
  return [...who.users, ...who.groups].flatMap(({ exact, folded }) => {
    if (exact.captures.length === 0) return [];
    return [exact.text, folded.text].flatMap((text) => {
      const parts = text.split(/\*|\{[^{}]*\}/);
      return parts.length > 2 ? parts.slice(1).filter((part) => part !== '') : [];
    });
  });
}
