/** Shapes of patterns for which a search that finds nothing has not proved that there is nothing. */
import { askersOf } from '../asker.ts';
import { exceptionsOf } from '../condition.ts';
import type { RepositoryPattern } from '../repository-pattern.ts';
import type { Rule } from '../rule.ts';
import type { Words } from './words.ts';
import { dividersOf } from './world.ts';

/** Different separators between wildcards that are tried in each order. */
const MAX_SEPARATORS = 4;
const MAX_WILDCARDS = 4;

/** @returns the reasons, each a clause */
export function limitsOf(rules: readonly Rule[], words: Words): readonly string[] {
  const reasons = rules.flatMap((rule) => [...ruleLimits(rule)]);
  if (dividersOf(rules).length > MAX_SEPARATORS)
    reasons.push('names have several wildcards with many different texts between them');
  reasons.push(...conjugates(rules));
  if (!words.areNeutral) reasons.push('the patterns use nearly every letter, so that no text fits none of them');
  return [...new Set(reasons)];
}

function* ruleLimits(rule: Rule): Generator<string> {
  for (const asker of [...askersOf(rule.who), ...exceptionsOf(rule.conditions)]) {
    if (asker.kind === 'everyone') continue;
    const { text } = asker.pair.exact;
    if (text.split(WILDCARD).length - 1 > MAX_WILDCARDS)
      yield `${place(rule)} has a name with many wildcards, "${text}"`;
  }
  for (const pattern of rule.repositories) {
    if (isHole(pattern)) yield `${place(rule)} has a value with a wildcard before and after it, in "${pattern.text}"`;
    if (hasPort(pattern)) yield `${place(rule)} has a port with a wildcard, in "${pattern.text}"`;
  }
}

/** A segment such as `*{team}*`: whether a text contains a value is more than a comparison of patterns can prove. */
function isHole({ segments }: RepositoryPattern): boolean {
  return segments.some((segment) => {
    if (segment.kind !== 'wild') return false;
    const first = segment.parts.findIndex((part) => 'star' in part);
    const last = segment.parts.findLastIndex((part) => 'star' in part);
    return segment.parts.slice(first, last).some((part) => 'placeholder' in part);
  });
}

/** Only digits can stand for the wildcard. */
function hasPort({ segments: [first] }: RepositoryPattern): boolean {
  if (first?.kind !== 'wild') return false;
  const port = first.parts.findIndex((part) => 'literal' in part && part.literal.includes(':'));
  return port >= 0 && port < first.parts.length - 1;
}

/**
 * `{x}ab` and `ba{y}` of one user name with equal values: the equation x·ab = ba·x has infinitely many solutions that no
 * pattern describes (Lyndon and Schützenberger: ab and ba must be conjugates).
 */
function* conjugates(rules: readonly Rule[]): Generator<string> {
  const ends = patternsMatching(rules, /^\{[^{}]*\}([^*{}]+)$/);
  const starts = patternsMatching(rules, /^([^*{}]+)\{[^{}]*\}$/);
  for (const [end, rule] of ends) {
    for (const start of starts.keys()) {
      if (start.length === end.length && (start + start).includes(end))
        yield `${place(rule)} takes a value from the beginning of a name and another rule from the end, around "${end}"`;
    }
  }
}

function patternsMatching(rules: readonly Rule[], shape: RegExp): ReadonlyMap<string, Rule> {
  const found = new Map<string, Rule>();
  for (const rule of rules) {
    for (const { folded } of [...rule.who.users, ...rule.who.groups]) {
      const part = shape.exec(folded.text)?.[1];
      if (part !== undefined) found.set(part, rule);
    }
  }
  return found;
}

const WILDCARD = /\*|\{[^{}]*\}/;

function place({ name, file, line }: Rule): string {
  return `"${name}" (${file}:${line})`;
}
