/** What a search takes from the policies before it starts: words, separators, depths, services, addresses, times. */
import { askersOf } from '../asker.ts';
import { exceptionsOf } from '../condition.ts';
import type { Property } from '../condition.ts';
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';
import type { CasePair } from '../who.ts';
import type { Effort } from './effort.ts';
import { limitsOf } from './limits.ts';
import { propertySamples } from './properties.ts';
import type { Properties } from './properties.ts';
import { spellingsFor } from './spellings.ts';
import type { Spellings } from './spellings.ts';
import { wordsFor } from './words.ts';
import type { Words } from './words.ts';

/** How a source of users compares names: `exact`: with case; `folded`: without. */
export type Form = 'exact' | 'folded';

export interface World {
  readonly words: Words;
  readonly effort: Effort;
  readonly forms: readonly Form[];
  readonly spellings: Spellings;
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
    spellings: spellingsFor({ patterns: namePatterns(rules), dividers: dividersOf(rules) }, effort),
    separators: separatorsOf(dividersOf(rules)),
    deepest: 1 + rules.flatMap(segmentCounts).reduce((most, segments) => Math.max(most, segments), 0),
    services: options.services,
    client: options.client,
    properties: propertySamples(rules, words, effort),
  };
}

/** The properties that decisions may depend on. */
export function relevantProperties({ properties }: World): ReadonlySet<Property> {
  const all: readonly Property[] = ['service', 'client', 'time'];
  return new Set(all.filter((property) => properties[property].values.length > 1));
}

/** If no pattern has upper-case letters, a source that ignores case has no users that another one cannot have. */
function formsFor(rules: readonly Rule[], configured: readonly Form[] = ['exact', 'folded']): readonly Form[] {
  const isExactEnough = configured.includes('exact') && !rules.some(isCaseSensitive);
  return isExactEnough ? ['exact'] : configured;
}

function isCaseSensitive(rule: Rule): boolean {
  return pairsOf(rule).some(({ exact, folded }) => exact.text !== folded.text);
}

function namePatterns(rules: readonly Rule[]): readonly string[] {
  return [...new Set(rules.flatMap(pairsOf).map(({ exact }) => exact.text))];
}

/** The patterns of names, with those of exceptions. */
function pairsOf({ who, conditions }: Rule): readonly CasePair[] {
  return [...askersOf(who), ...exceptionsOf(conditions)].flatMap((asker) =>
    asker.kind === 'everyone' ? [] : [asker.pair],
  );
}

function segmentCounts({ repositories }: Rule): readonly number[] {
  return repositories.map(({ segments }) => segments.length);
}

/** A pattern with several wildcards, one of them a capture, divides a name at the first occurrence of a separator. */
function separatorsOf(single: readonly string[]): readonly (readonly string[])[] {
  return [...single.map((one) => [one]), ...single.flatMap((one) => single.map((other) => [one, other]))];
}

export function dividersOf(rules: readonly Rule[]): readonly string[] {
  return [...new Set(rules.flatMap(dividers))];
}

/** The texts after the wildcards of patterns that can divide a name in several ways. */
function dividers({ who }: Pick<Rule, 'who'>): readonly string[] {
  return [...who.users, ...who.groups].flatMap(({ exact, folded }) => {
    if (exact.captures.length === 0) return [];
    return [exact.text, folded.text].flatMap((text) => {
      const parts = text.split(/\*|\{[^{}]*\}/);
      return parts.length > 2 ? parts.slice(1).filter((part) => part !== '') : [];
    });
  });
}
