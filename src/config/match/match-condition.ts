/** The patterns of `match`, as imported rules have them: all of them must match. */
import { z } from 'zod';
import { canonicalDn } from '../../core/groups.ts';
import type { Caller } from '../../core/identity.ts';
import { isRobotUsername } from '../../core/robot-name.ts';
import { FIELDS, parseMatchPattern } from './match-pattern.ts';
import type { Field, MatchPattern, Placeholder, ValuesOf } from './match-pattern.ts';
import { compileRe2 } from './re2.ts';
import type { Re2 } from './re2.ts';

type Patterns = ReadonlyMap<Field, MatchPattern>;
type Labels = readonly (readonly [string, MatchPattern])[];
type Texts = Readonly<Record<Field, string>>;

const LABEL = /^(?:group|(?:group|attr|claim):.+)$/;
const LABEL_EXPECTED = 'expected group, group:PREFIX, attr:NAME or claim:NAME';

const matchPattern = z.string().transform((text, context): MatchPattern => {
  const parsed = parseMatchPattern(text);
  if (typeof parsed !== 'string') return parsed;
  context.addIssue({
    code: 'custom',
    message: `expected a glob or a /regular expression/: this one ${parsed}`,
    input: text,
  });
  return z.NEVER;
});

/** What `match` requires of a request. */
export interface MatchPatterns {
  /** The canonical text: the same for the same patterns in any order. */
  readonly text: string;
  /** The attributes and claims it reads, as `attr:department`. */
  readonly attributes: readonly string[];
  /** @param request `name` is the repository, or `catalog` */
  match(request: { readonly caller: Caller; readonly service: string; readonly name: string }): boolean;
}

export const matchPatterns = z
  .strictObject({
    account: matchPattern.optional().meta({ description: 'The user’s name; empty for anonymous and for a robot' }),
    name: matchPattern.optional().meta({ description: 'The repository; catalog for the catalog' }),
    service: matchPattern.optional().meta({ description: 'The service that the request is for' }),
    labels: z
      .record(z.string(), matchPattern.meta({ description: 'The pattern that one of the values must match' }))
      .optional()
      .meta({
        description:
          'Values of the user. Each key (`group`, `group:PREFIX`, `attr:NAME` or `claim:NAME`) has a pattern that one of its values must match.',
      }),
  })
  .transform(({ labels = {}, ...fields }, context): MatchPatterns => {
    const patterns = new Map(FIELDS.flatMap((field) => entryOf(field, fields[field])));
    const captures = new Map<Field, Re2>();
    const report = (path: readonly string[], message: string): void =>
      context.addIssue({ code: 'custom', path: [...path], message, input: undefined });
    for (const label of Object.keys(labels))
      if (!LABEL.test(label)) report(['labels', label], `${LABEL_EXPECTED} instead of ${label}`);
    const all = [
      ...[...patterns].map(([field, pattern]) => [[field], pattern] as const),
      ...Object.entries(labels).map(([label, pattern]) => [['labels', label], pattern] as const),
    ];
    for (const [path, { placeholders }] of all) {
      for (const placeholder of placeholders) {
        const problem = placeholderProblem(placeholder, patterns, captures, path[0] === 'labels');
        if (problem !== undefined) report(path, problem);
      }
    }
    return matchOf(patterns, Object.entries(labels), captures);
  });

function entryOf(field: Field, pattern: MatchPattern | undefined): readonly (readonly [Field, MatchPattern])[] {
  return pattern === undefined ? [] : [[field, pattern]];
}

function placeholderProblem(
  placeholder: Placeholder,
  patterns: Patterns,
  captures: Map<Field, Re2>,
  inLabels: boolean,
): string | undefined {
  if (placeholder.kind === 'field') return undefined;
  if (placeholder.kind === 'label') {
    if (inLabels) return 'expected no label inside of labels';
    return LABEL.test(placeholder.label) ? undefined : `${LABEL_EXPECTED} after labels:`;
  }
  const { field, group } = placeholder;
  const source = patterns.get(field);
  const missing = `expected ${field} to be an expression without placeholders and with ${group} groups`;
  if (source?.regex === undefined || source.placeholders.length > 0) return missing;
  const regex = compileRe2(source.regex);
  if (typeof regex === 'string' || group < 1 || group > regex.groupCount) return missing;
  captures.set(field, regex);
  return undefined;
}

function matchOf(patterns: Patterns, labels: Labels, captures: ReadonlyMap<Field, Re2>): MatchPatterns {
  const written = [...patterns, ...labels].map(([what, { text }]) => [what, text] as const);
  return {
    text: JSON.stringify(written.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    attributes: attributesIn(patterns, labels),
    match: ({ caller, service, name }) => {
      const texts: Texts = { account: accountOf(caller), name, service };
      const valuesOf = valuesIn(texts, caller, captures);
      return (
        [...patterns].every(([field, pattern]) => pattern.matches(texts[field], valuesOf)) &&
        labels.every(([label, pattern]) => labelValues(caller, label).some((value) => pattern.matches(value, valuesOf)))
      );
    },
  };
}

/** A robot has no account: imported rules for any account are for users. */
function accountOf(caller: Caller): string {
  return caller.kind === 'anonymous' || isRobotUsername(caller.identity.username) ? '' : caller.identity.username;
}

function valuesIn(texts: Texts, caller: Caller, captures: ReadonlyMap<Field, Re2>): ValuesOf {
  return (placeholder) => {
    switch (placeholder.kind) {
      case 'field':
        return [texts[placeholder.field]];
      case 'capture': {
        const value = captures.get(placeholder.field)?.groups(texts[placeholder.field])?.[placeholder.group];
        return value === undefined ? [] : [value];
      }
      case 'label':
        return labelValues(caller, placeholder.label);
    }
  };
}

/** The names of groups, the rest of group names after a prefix, or the values of an attribute or claim. */
function labelValues(caller: Caller, label: string): readonly string[] {
  if (caller.kind === 'anonymous' || isRobotUsername(caller.identity.username)) return [];
  const { groups, attributes } = caller.identity;
  // A directory delivers a group by its DN as well. An expression for names could match inside of the DN.
  if (label === 'group') return [...groups].filter((group) => !group.includes('=') || canonicalDn(group) === undefined);
  if (!label.startsWith('group:')) return attributes.get(label) ?? [];
  const prefix = label.slice('group:'.length).concat(':');
  return [...groups].flatMap((group) => (group.startsWith(prefix) ? [group.slice(prefix.length)] : []));
}

function attributesIn(patterns: Patterns, labels: Labels): readonly string[] {
  const inside = [...patterns.values()].flatMap(({ placeholders }) =>
    placeholders.flatMap((placeholder) => (placeholder.kind === 'label' ? [placeholder.label] : [])),
  );
  const names = [...labels.map(([label]) => label), ...inside];
  return [...new Set(names)].filter((label) => label.startsWith('attr:') || label.startsWith('claim:'));
}
