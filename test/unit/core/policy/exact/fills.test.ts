/** The texts that stand for all texts of a pattern. */
import { describe, expect, it } from 'vitest';
import { createEffort } from '../../../../../src/core/policy/exact/effort.ts';
import { namesFrom, segmentsFrom } from '../../../../../src/core/policy/exact/fills.ts';
import { nameGlob } from '../../../../../src/core/policy/exact/glob.ts';
import { worldOf } from '../../../../../src/core/policy/exact/world.ts';
import { policyOf } from '../../../../support/policy-builder.ts';

/** With one text that divides names, `-`. */
function texts(kind: 'names' | 'segments', pattern: string) {
  const effort = createEffort();
  const policy = policyOf([{ users: ['{o}-{t}'], repositories: ['{o}/**'], allow: ['pull'] }]);
  const world = worldOf([policy], effort);
  const from = kind === 'names' ? namesFrom : segmentsFrom;
  const found = from(nameGlob(pattern), 10, world);
  return { found, word: (place: number) => world.words.at(10 + place), reasons: effort.reasons() };
}

describe('the names of a pattern', () => {
  it('have a word, words with separators, or nothing for a star', () => {
    const { found, word } = texts('names', 'a*');

    expect(found).toEqual([`a${word(0)}`, `a${word(0)}-${word(1)}`, `a${word(0)}-${word(1)}-${word(2)}`, 'a']);
  });

  it('are not empty', () => {
    expect(texts('names', '*').found).not.toContain('');
    expect(texts('names', '*').found).toHaveLength(3);
  });

  it('have different words for each star, and each choice of empty stars', () => {
    const { found, word } = texts('names', '*a*');

    const plain = [`${word(0)}a${word(3)}`, `a${word(3)}`, `${word(0)}a`, 'a'];
    expect(found.filter((text) => !text.includes('-'))).toEqual(plain);
    expect(found).toHaveLength(3 + 3 + 3 + 1);
  });

  it('are not all tried for more than four stars', () => {
    expect(texts('names', '*a*b*c*').reasons).toEqual([]);
    expect(texts('names', '*a*b*c*d*').reasons).toEqual([expect.stringContaining('many wildcards')]);
  });
});

describe('the segments of a pattern', () => {
  it('have a word or nothing for each star, and no separators', () => {
    const { found, word } = texts('segments', 'a*b*');

    expect(found).toEqual([`a${word(0)}b${word(1)}`, `ab${word(1)}`, `a${word(0)}b`, 'ab']);
  });

  it('have a number as well where they have a port, for which no word can stand', () => {
    const { found, word } = texts('segments', 'host:*');

    expect(found).toEqual([`host:${word(0)}`, 'host:', 'host:1']);
  });

  it('are one word where every text fits', () => {
    const { found, word } = texts('segments', '*');

    expect(found).toEqual([word(0)]);
  });

  it('are not all tried for more than four stars', () => {
    expect(texts('segments', '*a*b*c*').reasons).toEqual([]);
    expect(texts('segments', '*a*b*c*d*').reasons).toEqual([expect.stringContaining('many wildcards')]);
  });
});
