/** How many steps a backtracking engine takes for a regular expression, counted instead of timed. */
import { RegExpParser } from '@eslint-community/regexpp';
import type { AST } from '@eslint-community/regexpp';

type Continue = (at: number) => boolean;

class LimitReached extends Error {
  override readonly name = 'LimitReached';
}

export function parseLiteral(literal: string): AST.RegExpLiteral {
  return new RegExpParser({ ecmaVersion: 2025 }).parseLiteral(literal);
}

/**
 * Matches as `exec`, `test` and `replaceAll` do: at every position, or only at the first for a sticky expression; with
 * the flag `g`, again behind each match.
 *
 * @returns the characters that were compared, and how often it went back; `limit` when there would be more
 */
export function countSteps({ pattern, flags }: AST.RegExpLiteral, text: string, limit: number): number {
  const sets = new Map<string, boolean>();
  const modifiers = flags.raw.replaceAll(/[gyd]/g, '');
  let steps = 0;

  function countOne(): void {
    steps += 1;
    if (steps >= limit) throw new LimitReached();
  }

  function fits(raw: string, char: string): boolean {
    countOne();
    const key = `${raw} ${char}`;
    const known = sets.get(key);
    if (known !== undefined) return known;
    const found = new RegExp(`^(?:${raw})$`, modifiers).test(char);
    sets.set(key, found);
    return found;
  }

  const anyOf = (alternatives: readonly AST.Alternative[], at: number, next: Continue): boolean =>
    alternatives.some(({ elements }) => inOrder(elements, 0, at, next));

  function inOrder(elements: readonly AST.Element[], index: number, at: number, next: Continue): boolean {
    const element = elements[index];
    return element === undefined ? next(at) : one(element, at, (end) => inOrder(elements, index + 1, end, next));
  }

  function one(element: AST.Element, at: number, next: Continue): boolean {
    switch (element.type) {
      case 'Group':
      case 'CapturingGroup':
        return anyOf(element.alternatives, at, next);
      case 'Quantifier':
        return repeated(element, 0, at, next);
      case 'Assertion':
        return asserted(element, at) && next(at);
      case 'Backreference':
        throw new Error(`a back reference cannot be counted: ${element.raw}`);
      case 'Character':
      case 'CharacterSet':
      case 'CharacterClass':
      case 'ExpressionCharacterClass':
        return at < text.length && fits(element.raw, text.charAt(at)) && next(at + 1);
    }
  }

  function repeated(quantifier: AST.Quantifier, count: number, at: number, next: Continue): boolean {
    const { element, min, max, greedy } = quantifier;
    // Without recursion, which a long text would make too deep.
    if (!greedy && count === 0 && isOneCharacter(element)) {
      for (let end = at; end - at <= max; end += 1) {
        if (end - at >= min && next(end)) return true;
        if (end >= text.length || !fits(element.raw, text.charAt(end))) return false;
      }
      return false;
    }
    if (count === 0 && isOneCharacter(element)) {
      let end = at;
      while (end - at < max && end < text.length && fits(element.raw, text.charAt(end))) end += 1;
      for (; end - at >= min; end -= 1) {
        if (next(end)) return true;
        countOne();
      }
      return false;
    }
    const again = (): boolean =>
      count < max && one(element, at, (end) => end > at && repeated(quantifier, count + 1, end, next));
    if (count < min) return again();
    return greedy ? again() || next(at) : next(at) || again();
  }

  function asserted(assertion: AST.Assertion, at: number): boolean {
    const isWord = (index: number): boolean => /\w/.test(text.charAt(index));
    switch (assertion.kind) {
      case 'start':
        return at === 0;
      case 'end':
        return at === text.length;
      case 'word':
        return (isWord(at - 1) !== isWord(at)) !== assertion.negate;
      case 'lookahead':
        return anyOf(assertion.alternatives, at, () => true) !== assertion.negate;
      case 'lookbehind':
        // Those here look at one character.
        return (at > 0 && anyOf(assertion.alternatives, at - 1, (end) => end === at)) !== assertion.negate;
    }
  }

  try {
    for (let start = 0; start <= text.length; start += 1) {
      let end: number | undefined;
      const found = anyOf(pattern.alternatives, start, (at) => {
        end = at;
        return true;
      });
      if (found && !flags.global) return steps;
      if (flags.sticky) return steps;
      if (end !== undefined) start = Math.max(start, end - 1);
    }
    return steps;
  } catch (error) {
    if (error instanceof LimitReached) return limit;
    throw error;
  }
}

function isOneCharacter({ type }: AST.QuantifiableElement): boolean {
  return type === 'Character' || type === 'CharacterSet' || type === 'CharacterClass';
}

/** Texts that make an expression go back often: a part that repeats, repeated, and no match. */
export function hostileTexts({ pattern, flags }: AST.RegExpLiteral, repetitions: number): readonly string[] {
  const modifiers = flags.raw.replaceAll(/[gyd]/g, '');
  const pumps: { readonly before: string; readonly again: readonly string[] }[] = [];

  /** @returns the shortest text that an element matches, as far as the alphabet goes */
  const sample = (element: AST.Element): string => {
    if (element.type === 'Quantifier') return sample(element.element).repeat(element.min);
    if (element.type === 'Group' || element.type === 'CapturingGroup') {
      return (element.alternatives[0]?.elements ?? []).map(sample).join('');
    }
    return element.type === 'Assertion' ? '' : (samples(element)[0] ?? '');
  };
  const samples = (element: AST.Element): readonly string[] => {
    if (element.type === 'Group' || element.type === 'CapturingGroup') {
      return element.alternatives.map(({ elements }) => elements.map(sample).join(''));
    }
    if (element.type === 'Quantifier') return samples(element.element);
    if (element.type === 'Character') return [String.fromCodePoint(element.value)];
    const set = new RegExp(`^(?:${element.raw})$`, modifiers);
    return ALPHABET.filter((char) => set.test(char));
  };
  const visit = (alternatives: readonly AST.Alternative[], outside: string): void => {
    for (const { elements } of alternatives) {
      let before = outside;
      for (const element of elements) {
        if (element.type === 'Quantifier' && element.max > MANY) pumps.push({ before, again: samples(element) });
        const inner = element.type === 'Quantifier' ? element.element : element;
        if (inner.type === 'Group' || inner.type === 'CapturingGroup') visit(inner.alternatives, before);
        before += sample(element);
      }
    }
  };
  visit(pattern.alternatives, '');
  return pumps.flatMap(({ before, again }) =>
    again.flatMap((part) => {
      const fill = (unit: string): string => unit.repeat(repetitions);
      return [fill(before + part), before + fill(part), fill(part)].flatMap((text) => [
        text,
        `${text}\0`,
        `${text}\n!`,
      ]);
    }),
  );
}

/** A quantifier up to this number costs a constant. */
const MANY = 64;
const ALPHABET = 'a-0 ./_"\\{[%:,=~$()<>#@!\tZ\0\u007Fé'.split('');
