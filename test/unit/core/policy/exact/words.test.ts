/** Words that stand for any text. */
import { describe, expect, it } from 'vitest';
import { divided, wordsFor } from '../../../../../src/core/policy/exact/words.ts';
import { policyOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

const wordsOf = (...rules: readonly RuleText[]) =>
  wordsFor(policyOf(rules.map((rule) => ({ users: ['*'], repositories: ['1'], allow: ['pull'], ...rule }))).rules);

const first = (words: ReturnType<typeof wordsFor>, count: number): readonly string[] =>
  Array.from({ length: count }, (_, place) => words.at(place));

describe('words', () => {
  it('are letters first, then letters between the same two', () => {
    const words = first(wordsOf(), 40);

    expect(words.slice(0, 5)).toEqual(['x', 'y', 'z', 'q', 'j']);
    expect(words.slice(31)).toEqual(['6', '787', '797', '7887', '7897', '7987', '7997', '78887', '78897']);
  });

  it('are different, and none is a part of another one', () => {
    const words = first(wordsOf({ users: ['xyz*', 'abcdefgh{t}'], repositories: ['*'] }), 300);

    expect(new Set(words).size).toBe(300);
    expect(words.filter((word) => words.some((other) => other !== word && other.includes(word)))).toEqual([]);
  });

  it.each<[string, RuleText, readonly string[]]>([
    ['user names', { users: ['X*', '*y', '{z}q'] }, ['z', 'j', 'k']],
    ['group names', { groups: ['x{t}'], users: [] }, ['y', 'z', 'q']],
    ['exceptions', { except: { groups: ['x*'], users: ['*Y'] } }, ['z', 'q', 'j']],
    ['services', { services: ['x*y'] }, ['z', 'q', 'j']],
    ['segments', { repositories: ['x*/y', '*z'] }, ['q', 'j', 'k']],
  ])('have no letter of patterns with wildcards for %s', (_what, rule, expected) => {
    expect(first(wordsOf(rule), 3)).toEqual(expected);
  });

  it('are in no name of a rule, and may have letters of names without a wildcard', () => {
    expect(first(wordsOf({ users: ['x'], groups: ['y'], repositories: ['z/q'] }), 2)).toEqual(['j', 'k']);
    expect(wordsOf({ repositories: ['abc'] }).at(20)).not.toMatch(/[abc]/);
    const rule: RuleText = { users: ['787'], repositories: ['7887/797'] };
    expect(first(wordsOf(rule), 60)).not.toContain('787');
    expect(first(wordsOf(rule), 60)).not.toContain('797');
    expect(first(wordsOf(rule), 60)).not.toContain('7887');
  });

  it('are neutral if the patterns leave two letters', () => {
    const most = 'xyzqjkvwubfgdhmnlrcpteisoa01234567';

    expect(wordsOf({ users: [`${most}*`] }).areNeutral).toBe(true);
    expect(wordsOf({ users: [`${most}*`, '*8'] }).areNeutral).toBe(false);
    expect(first(wordsOf({ users: [`${most}89*`] }), 2)).toEqual(['xqx', 'xzx']);
  });

  it('are found in a text, each once, and replaced in it', () => {
    const words = wordsOf();
    const [one, long] = [words.at(0), words.at(34)];
    const text = `${one}-${long}/${one}.A`;

    expect(words.used(text)).toEqual([one, long]);
    expect(
      words.replace(
        text,
        new Map([
          [one, 'b'],
          [long, 'c'],
        ]),
      ),
    ).toBe('b-c/b.A');
    expect(words.replace(text, new Map())).toBe(text);
  });

  it('are different on both sides of separators', () => {
    const words = wordsOf();

    expect(divided(2, [], words)).toBe('z');
    expect(divided(2, ['-', '.'], words)).toBe('z-q.j');
  });
});
