/**
 * Spellings of a name whose letters may be in upper or lower case. Backends that compare names exactly have such names,
 * and values of placeholders are in lower case, so that several names give one value.
 *
 * A spelling decides which patterns fit the name, and where patterns with several wildcards divide it. The letters that
 * a rule requires are not open. No other pattern has to fit, so for each way to divide the name, the spellings that fit
 * fewest patterns stand for all others: a rule that matches one of them matches the others as well.
 */
import { foldCase } from '../../fold-case.ts';
import type { Effort } from './effort.ts';
import { nameGlob, openCase, STAR } from './glob.ts';
import type { Glob } from './glob.ts';

/** @param name without stars; @returns texts, the letters of which have a case */
export type Spellings = (name: Glob) => readonly string[];

interface NameTexts {
  /** Patterns of names, as written. */
  readonly patterns: readonly string[];
  /** The texts after the wildcards of patterns that can divide a name in several places. */
  readonly dividers: readonly string[];
}

const TOO_MANY = 'names can be written in upper and lower case in too many ways';
/** Spellings of one name that are compared. */
const MAX_SPELLINGS = 200;

export function spellingsFor({ patterns, dividers }: NameTexts, effort: Effort): Spellings {
  const texts = patterns.map((text) => text.replaceAll(CAPTURE, '*'));
  const letters = new Set(texts.join(''));
  const casesOf = (letter: string): readonly string[] => {
    const upper = letter.toUpperCase();
    // A case that no pattern has fits only wildcards.
    if (upper === letter || !letters.has(letter)) return [letter];
    return letters.has(upper) ? [letter, upper] : [upper];
  };
  const isDecisive = (text: string): boolean => text.split('').some((char) => casesOf(foldCase(char)).length > 1);
  const matcher = createMatcher(patterns.filter(isDecisive), dividers.filter(isDecisive));
  const known = new Map<string, readonly string[]>();
  return (name) => {
    const key = name.join('');
    if (!name.some((token) => openCase(token) !== undefined)) return [key];
    const found = known.get(key) ?? [
      ...new Set(divisions(name, dividers, effort).flatMap((one) => spellingsOf(one, casesOf, matcher, effort))),
    ];
    known.set(key, found);
    return found;
  };
}

const CAPTURE = /\{[^{}]*\}/g;

/** The name, with each choice of places in which a divider stands. */
function divisions(name: Glob, dividers: readonly string[], effort: Effort): readonly Glob[] {
  let all: readonly Glob[] = [name];
  for (const divider of dividers) {
    for (const at of name.keys()) {
      effort.spend(5 * all.length);
      const more = all.flatMap((one) => withText(one, divider, at));
      if (all.length + more.length > MAX_SPELLINGS) effort.giveUp(TOO_MANY);
      else all = [...all, ...more];
    }
  }
  return all;
}

/** The name with the text in this place; none if it cannot stand there, or if the name has no open letter there. */
function withText(name: Glob, text: string, at: number): readonly Glob[] {
  const chars = text.split('');
  const part = name.slice(at, at + chars.length);
  const fits = part.length === chars.length && part.every((token, index) => canBe(token, chars[index] ?? ''));
  return fits && part.some((token) => openCase(token) !== undefined)
    ? [name.toSpliced(at, chars.length, ...chars)]
    : [];
}

function canBe(token: string, char: string): boolean {
  return token === char || openCase(token) === foldCase(char);
}

interface Spelling {
  readonly text: string;
  readonly state: ReadonlySet<number>;
}

function spellingsOf(
  name: Glob,
  casesOf: (letter: string) => readonly string[],
  { first, next, ending }: Matcher,
  effort: Effort,
): readonly string[] {
  let spellings: readonly Spelling[] = [{ text: '', state: first }];
  for (const token of name) {
    if (effort.isSpent()) return [];
    const open = openCase(token);
    const longer = spellings.flatMap(({ text, state }) => {
      effort.spend(5 * (1 + state.size));
      return (open === undefined ? [token] : casesOf(open)).map((char) => ({
        text: text + char,
        state: next(state, char, text.length + 1),
      }));
    });
    spellings = fewest(longer, effort);
    if (spellings.length > MAX_SPELLINGS) effort.giveUp(TOO_MANY);
    spellings = spellings.slice(0, MAX_SPELLINGS);
  }
  const endings = spellings.map(({ text, state }) => ({ text, state: ending(state) }));
  return fewest(endings, effort).map(({ text }) => text);
}

/** Those whose state is not a part of the state that another one has, or had before it. */
function fewest(spellings: readonly Spelling[], effort: Effort): readonly Spelling[] {
  const minimal: Spelling[] = [];
  for (const one of spellings.toSorted((a, b) => a.state.size - b.state.size)) {
    effort.spend(5 * minimal.length);
    if (!minimal.some(({ state }) => state.isSubsetOf(one.state))) minimal.push(one);
  }
  return minimal;
}

/**
 * Matches all patterns at once. A state is a set of positions in the patterns, those to which a text leads, and of places
 * in the text at which a divider ends.
 */
interface Matcher {
  readonly first: ReadonlySet<number>;
  /** @param length of the text, with the character */
  next(state: ReadonlySet<number>, char: string, length: number): ReadonlySet<number>;
  /** What matters of a state at the end of a name. */
  ending(state: ReadonlySet<number>): ReadonlySet<number>;
}

/** One character, whichever it is. */
const ONE = '\u0002';
/** The end of a pattern, and the end of a divider. */
const END = '\u0003';
const DIVIDED = '\u0004';

function createMatcher(patterns: readonly string[], dividers: readonly string[]): Matcher {
  const globs = [
    ...patterns.map((text) => [...nameGlob(text, new Map(capturesIn(text))), END]),
    ...dividers.map((text) => [STAR, ...text.split(''), DIVIDED]),
  ];
  const tokens = globs.flat();
  const first = new Set<number>();
  let start = 0;
  for (const glob of globs) {
    enter(first, start, 0);
    start += glob.length;
  }

  /** Adds a position. A star may be empty. A divider that ends here is one that every longer text has, too. */
  function enter(state: Set<number>, position: number, length: number): void {
    state.add(tokens[position] === DIVIDED ? -length * tokens.length - position : position);
    if (tokens[position] === STAR) enter(state, position + 1, length);
  }

  return {
    first,
    next: (state, char, length) => {
      const after = new Set<number>();
      for (const position of state) {
        const token = tokens[position];
        if (token === undefined) after.add(position);
        else if (token === STAR) enter(after, position, length);
        else if (token === ONE || token === char) enter(after, position + 1, length);
      }
      return after;
    },
    ending: (state) => new Set([...state].filter((position) => position < 0 || tokens[position] === END)),
  };
}

/** A capture is one character or more. */
function capturesIn(text: string): readonly (readonly [string, Glob])[] {
  return [...text.matchAll(CAPTURE)].map(([capture]) => [capture.slice(1, -1), [ONE, STAR]]);
}
