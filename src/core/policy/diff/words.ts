/** Words that no policy speaks of: what stands where a pattern leaves it open. */
import type { Policy } from '../policy.ts';
import type { CompiledWho } from '../rule.ts';

export interface Words {
  /** A word for each place; different places have different words. */
  at(place: number): string;
  /** Told where there is more to try than is tried. */
  cut(): void;
}

/** Places there are: more than any repository pattern has segments. */
const MOST = 64;
const LETTERS = 'xyzqjkvwubfgdhmnlrcpteisoa0123456789';

/**
 * A word of letters that no pattern with a wildcard has fits such a pattern only where anything does. Where the patterns
 * have all letters between them, words are merely unlikely.
 */
export function wordsFor(policies: readonly Policy[], cut: () => void): Words {
  const texts = policies.flatMap((policy) => [...textsOf(policy)]);
  const wild = texts.filter((text) => /[*{]/.test(text)).map((text) => text.replaceAll(/\{[^{}]*\}/g, ''));
  const used = new Set(wild.flatMap((text) => text.toLowerCase().split('')));
  const free = LETTERS.split('').filter((letter) => !used.has(letter));
  const letters = free.length === 0 ? ['x7q', 'q7x'] : free;
  const taken = new Set(texts);
  const words: string[] = [];
  for (let size = 1; words.length < MOST; size++) {
    words.push(...letters.map((letter) => letter.repeat(size)).filter((word) => !taken.has(word)));
  }
  return { at: (place) => words[place % MOST] ?? '', cut };
}

function* textsOf({ rules }: Policy): Generator<string> {
  for (const { who, except, services = [], repositories } of rules) {
    yield* whoTexts(who);
    if (except !== undefined) yield* whoTexts(except);
    for (const { text } of services) yield text;
    for (const { segments } of repositories) for (const { key } of segments) yield key;
  }
}

function* whoTexts({ users, groups }: CompiledWho): Generator<string> {
  for (const { exact, folded } of [...users, ...groups]) {
    yield exact.text;
    yield folded.text;
  }
}
