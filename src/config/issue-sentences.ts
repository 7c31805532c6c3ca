/** The sentences that describe a problem with a value: what was found and what is allowed. */
import type { z } from 'zod';
import { isObject } from '../core/is-object.ts';
import { foundText, quote } from './expectation.ts';
import { suggest } from './suggest.ts';

export function secretSentence(written: unknown): string {
  if (written === undefined) return 'missing, expected { env: NAME } or { file: PATH }';
  return `found ${foundText(written, true)}, expected { env: NAME } or { file: PATH }: a secret is never written inline`;
}

export function choiceSentence(written: unknown, expected: string, choices: readonly string[], hidden = false): string {
  if (written === undefined) return `missing, expected ${expected}`;
  return `found ${foundText(written, hidden)}, expected ${expected}${didYouMean(written, choices)}`;
}

/**
 * Something else in the place of a list, with the list that was probably meant.
 *
 * @param options.isEntry whether the value is valid as an entry of the list
 */
export function notAListSentence(
  written: unknown,
  { hidden, isEntry }: { readonly hidden: boolean; readonly isEntry: boolean },
): string {
  const sentence = choiceSentence(written, 'a list', [], hidden);
  if (!isEntry) return sentence;
  if (isObject(written)) return `${sentence}: begin the entry with "- "`;
  const entry = hidden ? undefined : entryText(written);
  return entry === undefined ? sentence : `${sentence}: write [${entry}]`;
}

/** Characters that end a text or have a meaning of their own inside brackets, or at the start of a text. */
const NEEDS_QUOTES = /[,[\]{}#"'\\]|: |^[\s&*!|>@%`?-]|[\s:]$/;

/** A value as an entry of a list in brackets; undefined when it cannot be shown in full. */
function entryText(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string' || value === '' || quote(value) !== JSON.stringify(value)) return undefined;
  return NEEDS_QUOTES.test(value) ? quote(value) : value;
}

/** What is wrong with a value of the right kind. */
export function limitSentence(issue: z.core.$ZodIssue, written: unknown, hidden: boolean): string {
  const text = limitText(issue) ?? issue.message;
  if (isSentence(issue) || text.includes('found ') || isObject(written)) return text;
  const limit = text.startsWith('expected ') ? text : `expected ${text.charAt(0).toLowerCase()}${text.slice(1)}`;
  return `found ${foundText(written, hidden)}, ${limit}`;
}

/** Whether the message is complete without the value that was found. */
function isSentence(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'custom' && issue.params?.['isSentence'] === true;
}

function limitText(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'too_small') return `expected ${limited(issue.origin, issue.minimum, 'at least')}`;
  if (issue.code === 'too_big') return `expected ${limited(issue.origin, issue.maximum, 'at most')}`;
  return undefined;
}

const UNITS: Readonly<Record<string, string>> = {
  string: 'character',
  array: 'entry',
  object: 'entry',
  record: 'entry',
  map: 'entry',
};

function limited(origin: string, limit: number | bigint, bound: 'at least' | 'at most'): string {
  const unit = UNITS[origin];
  if (unit === undefined) return `${bound} ${limit}`;
  const plural = unit === 'entry' ? 'entries' : `${unit}s`;
  return `${bound} ${limit} ${Number(limit) === 1 ? unit : plural}`;
}

export function didYouMean(found: unknown, candidates: readonly string[]): string {
  const meant = typeof found === 'string' ? suggest(found, candidates) : undefined;
  return meant === undefined ? '' : `; did you mean "${meant}"?`;
}
