/** The repository names that fit several patterns, compared with all short names. */
import { describe, expect, it } from 'vitest';
import { createEffort } from '../../../../../src/core/policy/exact/effort.ts';
import { placesOf } from '../../../../../src/core/policy/exact/places.ts';
import { worldOf } from '../../../../../src/core/policy/exact/world.ts';
import { decide } from '../../../../../src/core/policy/decide.ts';
import { createRandom } from '../../../../support/random.ts';
import { policyOf, situationOf } from '../../../../support/policy-builder.ts';

type Values = ReadonlyMap<string, string>;

interface Options {
  readonly values?: readonly Values[];
  readonly units?: number;
  /** A pattern of another rule. */
  readonly other?: string;
}

/** The names, with `*` for each word. */
function places(patterns: readonly string[], { values = [], units, other = 'a' }: Options = {}) {
  const policy = policyOf(
    [patterns, [other]].map((repositories) => ({ groups: ['{t}-{u}'], repositories, allow: ['pull'] })),
  );
  const effort = createEffort(units);
  const world = worldOf([policy], effort);
  const repositories = policy.rules[0]?.repositories ?? [];
  const names = [...placesOf(repositories, values, world)].map((name) =>
    world.words.replace(name, new Map(world.words.used(name).map((word) => [word, '*']))),
  );
  return { names, reasons: effort.reasons() };
}

describe('the repositories that fit patterns', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['a name', ['a/b'], ['a/b']],
    ['a star, which is a word where it is a whole segment', ['a/*'], ['a/*']],
    [
      'stars, each of which is a word or empty',
      ['a*/*b*'],
      ['a*/*b*', 'a*/b*', 'a*/*b', 'a*/b', 'a/*b*', 'a/b*', 'a/*b', 'a/b'],
    ],
    ['segments, up to one more than the longest pattern has', ['a/**'], ['a', 'a/*', 'a/*/*', 'a/*/*/*']],
    ['any segments, at least one', ['**'], ['*', '*/*']],
    ['a beginning and an end', ['a/**', '**/b'], ['a/b', 'a/*/b', 'a/*/*/b', 'a/*/*/*/b']],
    ['the same segment of both patterns', ['*a', 'b*'], ['b*a', 'ba']],
    ['names of different lengths', ['a', 'a/b'], []],
    ['different names', ['a/b', 'a/c'], []],
    ['a name that is too short for the other pattern', ['a/**/b', 'a'], []],
    ['a fixed number of segments', ['**', '*/*'], ['*/*']],
    ['patterns of which no name fits', ['-*'], []],
  ])('are %s: %j', (_what, patterns, expected) => {
    expect(places(patterns).names).toEqual(expected);
  });

  it('have the values of placeholders, each pattern its own', () => {
    const values = (text: string): Values => new Map([['t', text]]);

    expect(places(['{t}/*', '*/a-{t}'], { values: [values('a'), values('aa')] }).names).toEqual(['a/a-aa']);
    expect(places(['{t}/*', '{t}/b'], { values: [values('a'), values('aa')] }).names).toEqual([]);
    expect(places(['{t}/*'], { values: [values('not a segment')] }).names).toEqual([]);
  });

  it('fit all patterns, and every short name that fits is a special case of one of them', () => {
    const random = createRandom(5);
    const pick = (items: readonly string[]): string => items[random.int(items.length)] ?? '';
    const pattern = (): string =>
      Array.from({ length: 1 + random.int(3) }, () => pick(['a', 'b', '*', '**', 'a*', '*b'])).join('/');
    const parts = ['a', 'b', 'q', 'ab', 'aq', 'qb'];
    const short = [
      ...parts,
      ...parts.flatMap((one) =>
        parts.flatMap((other) => [`${one}/${other}`, ...parts.map((more) => `${one}/${other}/${more}`)]),
      ),
    ];
    let fitting = 0;
    for (let run = 0; run < 150; run++) {
      const patterns = [pattern(), pattern()];
      const policies = patterns.map((text) => policyOf([{ everyone: true, repositories: [text], allow: ['pull'] }]));
      const fitsAll = (name: string): boolean =>
        policies.every(
          (policy) =>
            decide(policy, situationOf({}), { type: 'repository', name, actions: ['pull'] }).granted.length > 0,
        );
      const { names } = places(patterns, { other: 'a/b/c' });
      const general = names.map((name) => new RegExp(`^${name.replaceAll('*', '[a-z]*')}$`));
      expect([patterns, names.filter((name) => !fitsAll(name.replaceAll('*', 'z')))]).toEqual([patterns, []]);
      const all = short.filter(fitsAll);
      fitting += all.length;
      expect([patterns, all.filter((name) => !general.some((one) => one.test(name)))]).toEqual([patterns, []]);
      expect(new Set(names).size).toBe(names.length);
    }
    expect(fitting).toBeGreaterThan(1000);
  });

  it('are not all tried where that is too much work, and a reason is given', () => {
    const deep = ['**/a/b/c/**/d/e', 'f/**/g/h/i/**/j'];

    const { reasons } = places(deep, { units: 5000 });

    expect(reasons).toEqual(['the policies have too many combinations of rules to try all of them']);
  });
});
