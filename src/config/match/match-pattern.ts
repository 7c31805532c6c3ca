/**
 * Patterns of imported rules: a regular expression between slashes, found anywhere in the text (RE2), or else a glob
 * (Go's `path.Match`). Placeholders are replaced by values of the request, as literal text.
 */
import { parseGoGlob, quoteMeta } from './go-glob.ts';
import { compileRe2 } from './re2.ts';

export const FIELDS = ['account', 'name', 'service'] as const;
export type Field = (typeof FIELDS)[number];

export type Placeholder =
  | { readonly kind: 'field'; readonly field: Field }
  | { readonly kind: 'capture'; readonly field: Field; readonly group: number }
  | { readonly kind: 'label'; readonly label: string };

/** The values of a placeholder: one for a field or a capture, any of several for a label. */
export type ValuesOf = (placeholder: Placeholder) => readonly string[];

export interface MatchPattern {
  readonly text: string;
  /** The expression, when it is one. */
  readonly regex: string | undefined;
  readonly placeholders: readonly Placeholder[];
  /** Whether the text matches with any of the values. */
  matches(text: string, valuesOf: ValuesOf): boolean;
}

interface Token {
  readonly index: number;
  readonly text: string;
  readonly placeholder: Placeholder;
}

type Test = (text: string) => boolean;

const PLACEHOLDER = /\$\{(?:(account|name|service)(?::(\d{1,3}))?|labels:([^}]{1,256}))\}/g;
/** Matches nothing, because the label has no value. RE2 has no empty class; this one is empty. */
const NOTHING = String.raw`[^\x{0}-\x{10FFFF}]`;
const MAX_LABELS = 4;

/** @returns the pattern, or a sentence that says what is wrong with the text. */
export function parseMatchPattern(text: string): MatchPattern | string {
  const tokens = tokensOf(text);
  const placeholders = tokens.map(({ placeholder }) => placeholder);
  const regex = regexOf(text);
  const problem = labelProblem(placeholders) ?? formProblem(text, tokens, regex);
  if (problem !== undefined) return problem;
  if (tokens.length === 0) {
    const fixed = regex === undefined ? globTest(text) : regexTest(regex);
    return { text, regex, placeholders, matches: (subject) => fixed(subject) };
  }
  const matches =
    regex === undefined
      ? (subject: string, valuesOf: ValuesOf) =>
          combinations(placeholders, valuesOf, subject).some((values) =>
            cachedTest('glob', filled(text, tokens, values))(subject),
          )
      : (subject: string, valuesOf: ValuesOf) =>
          cachedTest('regex', filled(text, tokens, alternatives(placeholders, valuesOf)).slice(1, -1))(subject);
  return { text, regex, placeholders, matches };
}

/** The expression between slashes; undefined for a glob. */
export function regexOf(text: string): string | undefined {
  return text.length > 2 && text.startsWith('/') && text.endsWith('/') ? text.slice(1, -1) : undefined;
}

function tokensOf(text: string): readonly Token[] {
  return [...text.matchAll(PLACEHOLDER)].map((match) => {
    const [all, name, group, label = ''] = match;
    const field = FIELDS.find((known) => known === name);
    return { index: match.index, text: all, placeholder: placeholderOf(field, group, label) };
  });
}

function placeholderOf(field: Field | undefined, group: string | undefined, label: string): Placeholder {
  if (field === undefined) return { kind: 'label', label };
  return group === undefined ? { kind: 'field', field } : { kind: 'capture', field, group: Number(group) };
}

function labelProblem(placeholders: readonly Placeholder[]): string | undefined {
  const labels = placeholders.flatMap((placeholder) => (placeholder.kind === 'label' ? [placeholder.label] : []));
  if (labels.length > MAX_LABELS) return `has more than ${MAX_LABELS} labels, whose combinations would be too many`;
  return new Set(labels).size < labels.length ? 'names a label twice' : undefined;
}

function formProblem(text: string, tokens: readonly Token[], regex: string | undefined): string | undefined {
  if (regex === undefined) {
    if (/\[[^[\]]*\$\{/.test(text)) return 'has a placeholder between brackets';
    return parseGoGlob(filled(text, tokens, tokens.map(sampleValue))) === undefined ? 'is no glob' : undefined;
  }
  const sample = compileRe2(filled(text, tokens, tokens.map(sampleValue)).slice(1, -1));
  return typeof sample === 'string' ? sample : undefined;
}

const sampleValue = (): string => 'x';

function filled(text: string, tokens: readonly Token[], values: readonly string[]): string {
  let at = 0;
  const parts: string[] = [];
  for (const [index, token] of tokens.entries()) {
    parts.push(text.slice(at, token.index), values[index] ?? '');
    at = token.index + token.text.length;
  }
  return parts.join('') + text.slice(at);
}

/** For a glob: every choice of values. One that does not occur in the text cannot be a part of it. */
function combinations(
  placeholders: readonly Placeholder[],
  valuesOf: ValuesOf,
  subject: string,
): readonly (readonly string[])[] {
  let chosen: readonly (readonly string[])[] = [[]];
  for (const placeholder of placeholders) {
    const values = new Set(valuesOf(placeholder).filter((value) => subject.includes(value)));
    chosen = chosen.flatMap((before) => [...values].map((value) => [...before, quoteMeta(value)]));
  }
  return chosen;
}

/** For an expression: the values of each placeholder as alternatives. */
function alternatives(placeholders: readonly Placeholder[], valuesOf: ValuesOf): readonly string[] {
  return placeholders.map((placeholder) => {
    const [value = NOTHING, ...others] = new Set(valuesOf(placeholder).map(quoteMeta));
    return placeholder.kind === 'label' ? `(?:${[value, ...others].join('|')})` : value;
  });
}

function globTest(text: string): Test {
  const glob = parseGoGlob(text);
  return (subject) => glob?.matches(subject) ?? false;
}

function regexTest(source: string): Test {
  const regex = compileRe2(source);
  return typeof regex === 'string' ? () => false : regex.test;
}

const MAX_CACHED = 2048;
/** A cache, because the same users send many requests. Its size is bounded for all patterns together. */
const compiled = new Map<string, Test>();

function cachedTest(kind: 'glob' | 'regex', text: string): Test {
  const key = `${kind} ${text}`;
  const found = compiled.get(key);
  if (found !== undefined) return found;
  const made = kind === 'glob' ? globTest(text) : regexTest(text);
  if (compiled.size >= MAX_CACHED) compiled.clear();
  compiled.set(key, made);
  return made;
}
