/** The spellings of a name that stand for all others, compared with all spellings. */
import { describe, expect, it } from 'vitest';
import { createEffort } from '../../../../../src/core/policy/exact/effort.ts';
import { inAnyCase, literal } from '../../../../../src/core/policy/exact/glob.ts';
import type { Glob } from '../../../../../src/core/policy/exact/glob.ts';
import { worldOf } from '../../../../../src/core/policy/exact/world.ts';
import { parseNamePattern } from '../../../../../src/core/policy/name-pattern.ts';
import { createRandom } from '../../../../support/random.ts';
import { policyOf } from '../../../../support/policy-builder.ts';

const NAMES = 2000;
const UNITS = 600_000;

function spellings(patterns: readonly string[], name: Glob, units?: number) {
  const effort = createEffort(units);
  const policy = policyOf([{ users: patterns, repositories: ['x'], allow: ['pull'] }]);
  const texts = worldOf([policy], effort).spellings(name);
  return { texts, reasons: effort.reasons() };
}

function* allSpellings([token, ...rest]: Glob): Generator<string> {
  if (token === undefined) return yield '';
  const char = token.at(-1) ?? '';
  for (const more of allSpellings(rest)) {
    yield char + more;
    if (token.length === 2) yield char.toUpperCase() + more;
  }
}

/** The patterns that fit, with their values in lower case. */
function matches(patterns: readonly string[], name: string): ReadonlyMap<string, string> {
  return new Map(
    patterns.flatMap((text) => {
      const pattern = parseNamePattern(text);
      const values = typeof pattern === 'string' ? undefined : pattern.match(name);
      return values === undefined ? [] : [[text, JSON.stringify([...values]).toLowerCase()] as const];
    }),
  );
}

/** A spelling for which none stands. */
function unrepresented(patterns: readonly string[], name: Glob, texts: readonly string[]): string | undefined {
  const results = texts.map((text) => [...matches(patterns, text)]);
  for (const text of allSpellings(name)) {
    const own = matches(patterns, text);
    if (!results.some((fitting) => fitting.every(([pattern, values]) => own.get(pattern) === values))) return text;
  }
  return undefined;
}

describe('the spellings of a name', () => {
  it('are one in the case that no pattern has', () => {
    expect(spellings(['*-bot', 'ANN', '*'], inAnyCase('ann-bot')).texts).toEqual(['ann-BOT']);
  });

  it('avoid patterns of which each excludes another letter', () => {
    expect(spellings(['A*', '*E', 'alice'], inAnyCase('alice')).texts).toEqual(['aLICe']);
  });

  it('keep the letters that a rule requires', () => {
    expect(spellings(['A*', '*E', 'alice'], [...literal('A'), ...inAnyCase('lice')]).texts).toEqual(['ALICe']);
  });

  it('are divided with and without the separator of a pattern', () => {
    expect(spellings(['{a}-ci-{b}'], inAnyCase('x-ci-y')).texts).toEqual(['x-CI-y', 'x-ci-y']);
  });

  it('have a separator of a pattern within a value in both cases, if one of them fits another pattern', () => {
    expect(spellings(['{a}b{b}', '*B*'], [...inAnyCase('qbr'), ...literal('by')]).texts).toEqual(['qbrby', 'qBrby']);
    expect(spellings(['{a}b{b}'], [...inAnyCase('qbr'), ...literal('by')]).texts).toEqual(['qBrby', 'qbrby']);
    expect(spellings(['{a}ab{b}'], inAnyCase('za')).texts).toEqual(['zA']);
    expect(spellings(['{a}ab{b}'], inAnyCase('zac')).texts).toEqual(['zAc']);
  });

  it('fit no capture with nothing', () => {
    expect(spellings(['{x}A', 'a'], inAnyCase('a')).texts).toEqual(['A']);
    expect(spellings(['*A', 'a'], inAnyCase('a')).texts.toSorted()).toEqual(['A', 'a']);
  });

  it('are one where none of them fits a pattern to its end', () => {
    expect(spellings(['aXX', 'AXX'], inAnyCase('a')).texts).toHaveLength(1);
  });

  it('are one for a name whose letters all have a case', () => {
    expect(spellings(['*A*', 'a*'], literal('aB')).texts).toEqual(['aB']);
  });

  it('stand for all spellings, whatever the patterns', () => {
    const random = createRandom(7);
    const pick = (items: readonly string[]): string => items[random.int(items.length)] ?? '';
    const part = (): string =>
      Array.from({ length: random.int(3) }, () => pick(['a', 'A', 'b', 'B', 'c', '-'])).join('');
    const pattern = (): string => {
      const wildcards = Array.from({ length: random.int(4) }, (_, index) => pick(['*', `{x${index}}`]));
      return wildcards.reduce((text, wildcard) => text + wildcard + part(), part());
    };
    let several = 0;
    for (let run = 0; run < NAMES; run++) {
      const patterns = Array.from({ length: 1 + random.int(6) }, pattern).filter(
        (text) => typeof parseNamePattern(text) !== 'string',
      );
      const text = Array.from({ length: 1 + random.int(7) }, () => pick(['a', 'b', 'c', '-'])).join('');
      const name = text.split('').flatMap((char) => (random.int(6) === 0 ? literal(char) : inAnyCase(char)));
      const { texts, reasons } = spellings(patterns, name);
      if (texts.length > 1) several += 1;
      expect(new Set(texts.map((one) => one.toLowerCase()))).toEqual(
        new Set([
          name
            .map((token) => token.at(-1))
            .join('')
            .toLowerCase(),
        ]),
      );
      if (reasons.length === 0)
        expect([unrepresented(patterns, name, texts), patterns, name]).toEqual([undefined, patterns, name]);
    }
    expect(several).toBeGreaterThan(NAMES / 10);
  });

  it('are not complete for a name with too many of them, and say so', () => {
    const patterns = Array.from('abcdefghijk', (letter) => [`*${letter}*`, `*${letter.toUpperCase()}*`]).flat();

    expect(spellings(patterns, inAnyCase('abcdefghijk')).reasons).toContain(
      'names can be written in upper and lower case in too many ways',
    );
  });

  it('are not complete for a name that has a separator in too many places, and say so', () => {
    const reason = 'names can be written in upper and lower case in too many ways';

    expect(spellings(['{a}b{c}'], inAnyCase('b'.repeat(7))).reasons).toEqual([]);
    expect(spellings(['{a}b{c}'], inAnyCase('b'.repeat(8))).reasons).toEqual([reason]);
  });

  it('cost work that grows with the patterns in which both cases of a letter matter', () => {
    const numbers = Array.from({ length: 100 }, (_, index) => `${index}`);
    const reasons = (pattern: (number: string) => string): readonly string[] =>
      spellings(['*A*', ...numbers.map(pattern)], [...literal('b'.repeat(50)), ...inAnyCase('a')], 30_000).reasons;

    expect(reasons((number) => `*a${number}*`)).toHaveLength(1);
    expect(reasons((number) => `*b${number}*`)).toEqual([]);
  });

  it('are none when no work is left', () => {
    expect(spellings(['A*', 'a*'], inAnyCase('a'), 0).texts).toEqual([]);
  });

  it('cost work that grows with the number of spellings that are compared', () => {
    const patterns = Array.from('abcdefghijk', (letter) => [`*${letter}*`, `*${letter.toUpperCase()}*`]).flat();
    const reason = 'the policies have too many combinations of rules to try all of them';

    expect(spellings(patterns, inAnyCase('abcdefghijk'), UNITS).reasons).toContain(reason);
    expect(spellings(patterns, inAnyCase('abcde'), UNITS).reasons).toEqual([]);
  });
});
