/**
 * How repository patterns relate, whatever is asked: whether one takes every name that another takes, and whether some
 * name fits both. Only valid repository names count.
 *
 * Patterns are run side by side as automata. A name is read with a slash after each segment, which lets `**` be a loop
 * over whole segments. A search that grows too large ends with the answer that claims nothing.
 */
import type { RepositoryPattern } from './repository-pattern.ts';
import { NAME_START, isWholeName, nextInName } from './valid-name.ts';
import type { NameState } from './valid-name.ts';

type Token =
  | { readonly kind: 'char'; readonly char: string }
  /** A placeholder as itself: the same one on both sides has the same value. */
  | { readonly kind: 'value'; readonly name: string }
  /** A placeholder as any text. */
  | { readonly kind: 'text' }
  | { readonly kind: 'star' }
  | { readonly kind: 'deep' };

/** `2 × token`, one more when inside of a token that takes several characters. */
type States = readonly number[];

/** Far more than patterns that people write need. */
const MAX_VISITED = 20_000;

/**
 * Whether every valid name that `narrow` matches is matched by `wide`, for the same values of placeholders: `{team}`
 * is covered by `{team}` and by `*`, never by another placeholder. False where it cannot be told.
 */
export function patternCovers(wide: RepositoryPattern, narrow: RepositoryPattern): boolean {
  if (wide.text === '**' || wide.text === narrow.text) return true;
  const [left, right] = [tokensOf(narrow, true), tokensOf(wide, true)];
  const missed = search(left, right, (inNarrow, inWide) => inNarrow && !inWide, false);
  return missed.kind === 'none';
}

/**
 * Whether some valid name fits both, with any values for placeholders. True where it cannot be told.
 */
export function patternsOverlap(one: RepositoryPattern, other: RepositoryPattern): boolean {
  const [first, second] = [one.segments[0], other.segments[0]];
  if (first?.kind === 'literal' && second?.kind === 'literal' && first.key !== second.key) return false;
  return search(tokensOf(one, false), tokensOf(other, false), (a, b) => a && b, true).kind !== 'none';
}

/** The shortest valid name that a pattern matches with some values; undefined when there is none. */
export function shortestName(pattern: RepositoryPattern): string | undefined {
  const tokens = tokensOf(pattern, false);
  const found = search(tokens, tokens, (matches) => matches, true);
  return found.kind === 'found' ? found.name : undefined;
}

function tokensOf({ segments }: RepositoryPattern, sameValues: boolean): readonly Token[] {
  const tokens: Token[] = [];
  for (const segment of segments) {
    if (segment.kind === 'deep') {
      tokens.push({ kind: 'deep' });
      continue;
    }
    for (const part of segment.kind === 'literal' ? [{ literal: segment.key }] : segment.parts) {
      if ('literal' in part) tokens.push(...Array.from(part.literal, (char) => ({ kind: 'char' as const, char })));
      else if ('star' in part) tokens.push({ kind: 'star' });
      else tokens.push(sameValues ? { kind: 'value', name: part.placeholder } : { kind: 'text' });
    }
    tokens.push({ kind: 'char', char: '/' });
  }
  return tokens;
}

type Found = { readonly kind: 'found'; readonly name: string } | { readonly kind: 'none' | 'unknown' };

interface Place {
  readonly left: States;
  readonly right: States;
  readonly name: NameState;
  readonly text: string;
}

/**
 * Looks for the shortest name that is wanted, by whether each side matches it.
 *
 * @param both a name is of use only while the right side may match it, too
 */
function search(
  left: readonly Token[],
  right: readonly Token[],
  wanted: (left: boolean, right: boolean) => boolean,
  both: boolean,
): Found {
  const inputs = inputsFor([...left, ...right]);
  const start = { left: closed(left, [0]), right: closed(right, [0]), name: NAME_START, text: '' };
  let places: Place[] = [start];
  const seen = new Set([keyOf(start)]);
  while (places.length > 0) {
    const next: Place[] = [];
    for (const place of places) {
      for (const input of inputs) {
        const reached = step(place, left, right, input);
        if (reached === undefined || (both && reached.right.length === 0)) continue;
        if (isWholeName(reached.name) && wanted(accepts(left, reached.left), accepts(right, reached.right)))
          return { kind: 'found', name: reached.text.slice(0, -1) };
        const key = keyOf(reached);
        if (seen.has(key)) continue;
        if (seen.size >= MAX_VISITED) return { kind: 'unknown' };
        seen.add(key);
        next.push(reached);
      }
    }
    places = next;
  }
  return { kind: 'none' };
}

function step(place: Place, left: readonly Token[], right: readonly Token[], input: string): Place | undefined {
  const name = nextInName(place.name, input);
  if (name === undefined) return undefined;
  const reached = after(left, place.left, input);
  return reached.length === 0
    ? undefined
    : { left: reached, right: after(right, place.right, input), name, text: place.text + input };
}

function keyOf({ left, right, name }: Place): string {
  return `${left.join(',')} ${right.join(',')} ${name}`;
}

function accepts(tokens: readonly Token[], states: States): boolean {
  return states.includes(2 * tokens.length);
}

function after(tokens: readonly Token[], states: States, input: string): States {
  const reached: number[] = [];
  for (const state of states) {
    const token = tokens[state >> 1];
    if (token !== undefined) reached.push(...afterToken(token, state, input));
  }
  return closed(tokens, reached);
}

function afterToken(token: Token, state: number, input: string): readonly number[] {
  const following = (state | 1) + 1;
  switch (token.kind) {
    case 'char':
      return token.char === input ? [following] : [];
    case 'value':
      return `{${token.name}}` === input ? [following] : [];
    case 'star':
      return input === '/' ? [] : [state];
    case 'text':
      return input === '/' ? [] : [state | 1];
    case 'deep':
      if (input !== '/') return [state | 1];
      return state % 2 === 1 ? [state - 1] : [];
  }
}

/** With what can be reached without reading on: a star or `**` may take nothing, a text that has begun may end. */
function closed(tokens: readonly Token[], states: States): States {
  const all = new Set(states);
  for (const state of all) {
    const kind = tokens[state >> 1]?.kind;
    const isInside = state % 2 === 1;
    if (kind === 'star' || (kind === 'deep' && !isInside) || (kind === 'text' && isInside)) all.add((state | 1) + 1);
  }
  return [...all].toSorted((a, b) => a - b);
}

const SEPARATORS = ['.', '_', '-', ':', '/'];
const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyz');
const DIGITS = Array.from('0123456789');

/** What tells names apart: the characters of the patterns, and one letter and one digit that stand for all others. */
function inputsFor(tokens: readonly Token[]): readonly string[] {
  const inputs = new Set<string>();
  for (const token of tokens) {
    if (token.kind === 'char') inputs.add(token.char);
    if (token.kind === 'value') inputs.add(`{${token.name}}`);
  }
  for (const others of [LETTERS, DIGITS]) {
    const other = others.find((char) => !inputs.has(char));
    if (other !== undefined) inputs.add(other);
  }
  for (const separator of SEPARATORS) inputs.add(separator);
  return [...inputs];
}
