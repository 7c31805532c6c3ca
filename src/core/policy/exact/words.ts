/**
 * Words that stand for any text. A word consists of letters that no pattern with a wildcard has, and no name of a policy
 * contains it: it fits a pattern only where every text does. No word is a part of another one.
 */
import type { Asker } from '../asker.ts';
import { askersOf } from '../asker.ts';
import type { Rule } from '../rule.ts';

export interface Words {
  /** A word for each place; different places have different words. */
  at(place: number): string;
  /** The words in a text, each once. */
  used(text: string): readonly string[];
  /** The text with other words in their places. */
  replace(text: string, words: ReadonlyMap<string, string>): string;
  /** False if the patterns use so many letters that a word may fit one of them by chance. */
  readonly areNeutral: boolean;
}

/** The places of words. A name gets words of its own, so that it is equal to another one only where it has to be. */
export const FIRST_WORD = { service: 0, value: 1, user: 200, group: 250, repository: 500 } as const;
/** Words for one star: before, between and after two separators. */
export const WORDS_PER_STAR = 3;
/** Words for the group of one requirement, with four stars and one empty place. */
export const WORDS_PER_GROUP = 15;

/** Words from a place on, with the separators between them. */
export function divided(place: number, separators: readonly string[], words: Pick<Words, 'at'>): string {
  return words.at(place) + separators.map((separator, index) => separator + words.at(place + index + 1)).join('');
}

/** Without 1, which stands for the port of a registry. */
const LETTERS = 'xyzqjkvwubfgdhmnlrcpteisoa023456789';

export function wordsFor(rules: readonly Rule[]): Words {
  const texts = rules.flatMap((rule) => [...textsOf(rule)]).map((text) => text.replaceAll(/\{[^{}]*\}/g, '*'));
  const used = new Set(texts.filter((text) => text.includes('*')).flatMap((text) => text.toLowerCase().split('')));
  const free = LETTERS.split('').filter((letter) => !used.has(letter));
  const all = texts.join('\n').toLowerCase();
  const words = wordsOf(free.length < 2 ? ['x', 'q', 'z'] : free).filter((word) => !all.includes(word));
  const known: string[] = [];
  return {
    at: (place) => {
      while (known.length <= place) known.push(words.next().value ?? '');
      return known[place] ?? '';
    },
    used: (text) => [...new Set(divide(text, known).flatMap(({ isWord, part }) => (isWord ? [part] : [])))],
    replace: (text, others) =>
      divide(text, known)
        .map(({ part }) => others.get(part) ?? part)
        .join(''),
    areNeutral: free.length >= 2,
  };
}

interface Part {
  readonly part: string;
  readonly isWord: boolean;
}

/** The words of a text and the characters between them. No word is a part of another one, so each is found whole. */
function divide(text: string, words: readonly string[]): readonly Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < text.length;) {
    const word = words.find((one) => text.startsWith(one, at));
    const part = word ?? text.slice(at, at + 1);
    parts.push({ part, isWord: word !== undefined });
    at += part.length;
  }
  return parts;
}

/** Single letters first; then words that begin and end with a letter that is nowhere else in them. */
function* wordsOf(letters: readonly string[]): Generator<string> {
  const singles = letters.slice(0, -3);
  yield* singles;
  const [edge = '', ...inner] = letters.slice(singles.length);
  let middles: readonly string[] = [''];
  while (true) {
    middles = middles.flatMap((middle) => inner.map((letter) => middle + letter));
    for (const middle of middles) yield edge + middle + edge;
  }
}

function* textsOf({ who, conditions, repositories }: Rule): Generator<string> {
  yield* whoTexts(askersOf(who));
  for (const { samples } of conditions) {
    yield* whoTexts(samples?.exceptions ?? []);
    yield* samples?.service ?? [];
  }
  for (const { segments } of repositories) for (const { key } of segments) yield key;
}

function* whoTexts(askers: readonly Asker[]): Generator<string> {
  for (const asker of askers) if (asker.kind !== 'everyone') yield* [asker.pair.exact.text, asker.pair.folded.text];
}
