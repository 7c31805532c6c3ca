/** Words that no policy contains: a search puts them where a pattern leaves the text open. */
import type { Policy } from '../policy.ts';
import { askersOf } from '../asker.ts';
import type { Asker } from '../asker.ts';

export interface Words {
  /** A word for each place; different places have different words. */
  at(place: number): string;
  /** Called if a bound makes a search incomplete. */
  cut(): void;
}

/** More than any repository pattern has segments. */
const MAX_WORDS = 64;
const LETTERS = 'xyzqjkvwubfgdhmnlrcpteisoa0123456789';

/**
 * A word of letters that no pattern with a wildcard has fits such a pattern only where anything does. Where the patterns
 * use all letters, words are only unlikely to fit.
 */
export function wordsFor(policies: readonly Policy[], cut: () => void): Words {
  const texts = policies.flatMap((policy) => [...textsOf(policy)]);
  const wild = texts.filter((text) => /[*{]/.test(text)).map((text) => text.replaceAll(/\{[^{}]*\}/g, ''));
  const used = new Set(wild.flatMap((text) => text.toLowerCase().split('')));
  const free = LETTERS.split('').filter((letter) => !used.has(letter));
  const letters = free.length === 0 ? ['x7q', 'q7x'] : free;
  const taken = new Set(texts);
  const words: string[] = [];
  for (let size = 1; words.length < MAX_WORDS; size++) {
    words.push(...letters.map((letter) => letter.repeat(size)).filter((word) => !taken.has(word)));
  }
  return { at: (place) => words[place % MAX_WORDS] ?? '', cut };
}

function* textsOf({ rules }: Policy): Generator<string> {
  for (const { who, conditions, repositories } of rules) {
    yield* whoTexts(askersOf(who));
    for (const { samples } of conditions) {
      yield* whoTexts(samples?.exceptions ?? []);
      yield* samples?.service ?? [];
    }
    for (const { segments } of repositories) for (const { key } of segments) yield key;
  }
}

function* whoTexts(askers: readonly Asker[]): Generator<string> {
  for (const asker of askers) if (asker.kind !== 'everyone') yield* [asker.pair.exact.text, asker.pair.folded.text];
}
