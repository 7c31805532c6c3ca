/** The common texts of patterns, compared with all short texts. */
import { describe, expect, it } from 'vitest';
import { createEffort } from '../../../../../src/core/policy/exact/effort.ts';
import {
  inAnyCase,
  intersect,
  intersectAll,
  literal,
  nameGlob,
  STAR,
} from '../../../../../src/core/policy/exact/glob.ts';
import type { Glob } from '../../../../../src/core/policy/exact/glob.ts';
import { createRandom } from '../../../../support/random.ts';

const LETTERS = ['a', 'A', 'b', '-'];
const LONGEST = 5;

function* textsUpTo(length: number): Generator<string> {
  yield '';
  if (length > 0) for (const rest of textsUpTo(length - 1)) for (const letter of LETTERS) yield letter + rest;
}

const TEXTS = [...new Set(textsUpTo(LONGEST))];

/** A token with two characters is a letter in either case. */
function fits([token, ...rest]: Glob, text: string): boolean {
  if (token === undefined) return text === '';
  if (token === STAR) return fits(rest, text) || (text !== '' && fits([token, ...rest], text.slice(1)));
  const isEqual = token.length === 2 ? text[0]?.toLowerCase() === token[1] : text[0] === token;
  return isEqual && fits(rest, text.slice(1));
}

/** The texts in which every star stands for the same letter, which no pattern has. */
const shown = (globs: readonly Glob[]): readonly string[] => globs.map((glob) => glob.join('').replaceAll(STAR, '*'));

function common(a: Glob, b: Glob, units?: number) {
  const effort = createEffort(units);
  const globs = intersect(a, b, effort);
  return { globs, reasons: effort.reasons() };
}

describe('the common texts of two patterns', () => {
  it.each<[string, string, readonly string[]]>([
    ['a*', '*b', ['a*b']],
    ['*', 'a*b', ['a*b']],
    ['a*b', '*', ['a*b']],
    ['abc', 'a*', ['abc']],
    ['a', 'b', []],
    ['a*', 'b*', []],
    ['a*a', 'a', []],
    ['*a*', '*b*', ['*a*b*', '*b*a*']],
    ['a*', 'a*', ['a*']],
    ['*ab*', '*a*b*', ['*ab*']],
    ['*a*', '*aa*', ['*aa*']],
    ['*-a', '*a', ['*-a']],
    ['**a', '*b*', ['*b*a']],
  ])('of %s and %s are %j', (a, b, expected) => {
    const { globs } = common(nameGlob(a), nameGlob(b));

    expect(shown(globs).toSorted()).toEqual(expected);
  });

  it('are exactly those that fit both', () => {
    const random = createRandom(11);
    const glob = (): Glob =>
      Array.from({ length: random.int(6) }, () => random.int(4)).flatMap((kind): Glob => {
        const letter = ['a', 'b', '-'][random.int(3)] ?? '';
        if (kind < 2) return [STAR];
        return kind === 2 ? inAnyCase(letter) : literal(random.int(2) === 0 ? letter.toUpperCase() : letter);
      });
    let several = 0;
    for (let run = 0; run < 400; run++) {
      const [a, b] = [glob(), glob()];
      const { globs } = common(a, b);
      const fitting = globs.map((one) => TEXTS.filter((text) => fits(one, text)));
      const both = TEXTS.filter((text) => fits(a, text) && fits(b, text));
      expect([a, b, [...new Set(fitting.flat())].toSorted()]).toEqual([a, b, both.toSorted()]);
      if (globs.length > 1) several += 1;
    }
    expect(several).toBeGreaterThan(10);
  });

  it('keep the letters whose case one of the patterns gives', () => {
    expect(shown(common(inAnyCase('ab-c'), literal('Ab-C')).globs)).toEqual(['Ab-C']);
    expect(shown(common(literal('Ab-C'), inAnyCase('ab-c')).globs)).toEqual(['Ab-C']);
    expect(common(inAnyCase('ab'), inAnyCase('ab')).globs).toEqual([inAnyCase('ab')]);
    expect(common(inAnyCase('ab'), literal('ac')).globs).toEqual([]);
  });

  it('are not all listed if there are more than a thousand, and a reason is given', () => {
    const reason = 'names fit several patterns with many wildcards in too many ways';

    expect(common(nameGlob('*a*b*c*d*e*f*'), nameGlob('*g*h*i*j*k*l*')).reasons).toEqual([]);
    expect(common(nameGlob('*a*b*c*d*e*f*m*'), nameGlob('*g*h*i*j*k*l*')).reasons).toEqual([reason]);
  });

  it('cost work that grows with the lengths of both patterns', () => {
    const long = nameGlob(`${'a'.repeat(300)}*`);

    expect(common(long, nameGlob(`${'a'.repeat(300)}*b`), 500_000).reasons).toHaveLength(1);
    expect(common(long, nameGlob('aaa*b'), 500_000).reasons).toEqual([]);
    expect(common(nameGlob('aaa*b'), long, 500_000).reasons).toEqual([]);
  });

  it('cost work for each of them', () => {
    const reason = 'the policies have too many combinations of rules to try all of them';

    expect(common(nameGlob('*a*b*c*d*'), nameGlob('*e*f*g*h*'), 10_000).reasons).toContain(reason);
    expect(common(nameGlob('*a*'), nameGlob('*e*'), 10_000).reasons).toEqual([]);
  });

  it('cost little work for six wildcards, because the ends that many of them share are found once', () => {
    expect(common(nameGlob('*a*a*a*a*a*a*'), nameGlob('*aaaaaaaaaaaa'), 60_000).reasons).toEqual([]);
  });
});

describe('the common texts of several patterns', () => {
  it('fit all of them', () => {
    const all = ['a*', '*b', '*c*'].map((text) => nameGlob(text));

    expect(shown(intersectAll(all, createEffort()))).toEqual(['a*c*b']);
  });

  it('are all texts where there is no pattern', () => {
    expect(intersectAll([], createEffort())).toEqual([[STAR]]);
  });
});

it('a pattern of a name has a star for each wildcard, or the value of the capture', () => {
  const values = new Map([['team', literal('web')]]);

  expect(shown([nameGlob('a-{team}-*-{other}z', values)])).toEqual(['a-web-*-*z']);
});
