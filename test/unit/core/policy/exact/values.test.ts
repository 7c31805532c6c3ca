/** The values of placeholders that a search tries. */
import { describe, expect, it } from 'vitest';
import { askersOf } from '../../../../../src/core/policy/asker.ts';
import { createEffort } from '../../../../../src/core/policy/exact/effort.ts';
import { placeholdersFor } from '../../../../../src/core/policy/exact/values.ts';
import { worldOf } from '../../../../../src/core/policy/exact/world.ts';
import { policyOf } from '../../../../support/policy-builder.ts';

/** A rule: who, and a repository. */
type Alternative = readonly [who: string, repository: string];

/** The values of the placeholders, by the placeholder and the patterns that have it; with `*` for each word. */
function valuesOf(...alternatives: readonly Alternative[]) {
  const policy = policyOf(
    alternatives.map(([who, repository]) => {
      const [kind = '', names = ''] = who.split(' ');
      return { [kind]: names.split(','), repositories: [repository], allow: ['pull'] };
    }),
  );
  const effort = createEffort();
  const world = worldOf([policy], effort);
  const requirements = policy.rules.flatMap(({ who, repositories: [pattern] }) =>
    askersOf(who)
      .slice(0, 1)
      .map((asker) => ({ who: asker, pattern })),
  );
  const users = requirements.flatMap(({ who }) => (who.kind === 'user' ? [who.pair] : []));
  const found = placeholdersFor(requirements, users, 'exact', world);
  const shown = (text: string): string =>
    world.words.replace(text, new Map(world.words.used(text).map((word) => [word, '*'])));
  const values = Object.fromEntries(
    found.map(({ name, at, texts }) => [`${name} ${at.join()}`, [...new Set(texts.map(shown))]]),
  );
  return { values, exactly: found.map(({ texts }) => texts), reasons: effort.reasons() };
}

const TEAM = 'groups team-{t}';
const ALL = 'users *';
const TOO_MANY = 'values of several rules depend on each other in too many ways';

describe('the values of a placeholder', () => {
  it.each<[string, string, string, readonly string[]]>([
    ['are words where no other pattern says more', '{t}/x', '*/**', ['*']],
    ['are what another pattern has there', '{t}/x', 'web/*', ['*', 'web']],
    ['are what another pattern has there between texts', 'a-{t}.b/x', 'a-web.b/*', ['*', 'web']],
    ['are not what does not fit the texts around', 'a-{t}/x', 'b-web/*', ['*']],
    ['are not a part of what another pattern has there', 'a-{t}-b/x', 'a-web-c/*', ['*']],
    ['are each part that may be behind a star', '*{t}/x', 'abc/*', ['*', 'c', 'bc', 'abc']],
    ['are each part that may be before a star', '{t}*/x', 'abc/*', ['*', 'a', 'ab', 'abc']],
    ['share a star with a star next to them', '*{t}/x', 'a*b/*', ['*', 'b', '*b', 'a*b', 'ab']],
    ['are equal in all places of a segment', '{t}-{t}/x', 'ab-ab/*', ['*', 'ab']],
    ['are none where the places of a segment differ', '{t}-{t}/x', 'ab-ac/*', ['*']],
    [
      'come from every segment with the placeholder',
      '{t}/b-{t}',
      'a*/*-c',
      ['*', 'a*', 'a', 'c', '*-c', 'a*-c', 'a-c'],
    ],
  ])('%s: %s and %s', (_what, own, other, expected) => {
    expect(valuesOf([TEAM, own], [ALL, other]).values['t 0']?.toSorted()).toEqual(expected.toSorted());
  });

  it('are words and parts of words with the separators of patterns', () => {
    expect(valuesOf(['groups {o}-{t}', '{t}'], [ALL, '*']).values['t 0']).toEqual(['*', '*-*', '*-*-*']);
  });

  it('of two rules have words in common, and words of their own', () => {
    const { exactly } = valuesOf([TEAM, '{t}/*'], ['groups {u}-ops', '*/{u}']);

    expect(exactly.map(({ length }) => length)).toEqual([2, 2]);
    expect(new Set(exactly.flat()).size).toBe(3);
  });

  it('have different words for each star', () => {
    const { exactly } = valuesOf([TEAM, '{t}'], [ALL, '*a*']);
    const inTwo = (exactly[0] ?? []).filter((text) => /^[^a]+a[^a]+$/.test(text));

    expect(inTwo.length).toBeGreaterThan(0);
    for (const text of inTwo) expect(new Set(text.split('a')).size).toBe(2);
  });

  it('of {user} are the same in all rules, those of {group} and captures are not', () => {
    expect(Object.keys(valuesOf(['users a*', '{user}/{user}'], [ALL, '*/{user}']).values)).toEqual(['user 0,1']);
    expect(Object.keys(valuesOf([TEAM, '{t}/{group}'], [TEAM, '{t}/{group}']).values)).toEqual([
      't 0',
      'group 0',
      't 1',
      'group 1',
    ]);
  });

  it('of {user} are what the names of users are like', () => {
    expect(valuesOf(['users Ci-*', '{user}'], ['users *-bot', 'a/*']).values['user 0']).toEqual([
      '*',
      'ci-bot',
      'ci-*-bot',
      'ci--bot',
    ]);
  });

  it('of {user} in a rule for groups are what the names of users in another rule are like', () => {
    expect(valuesOf(['groups g', '{user}'], ['users ci-*', '**']).values['user 0']).toEqual(['*', 'ci-*']);
  });

  it('that stand side by side are not empty, and share a star', () => {
    const own: Alternative = ['groups {t}-{u}', '{u}{t}/x'];

    expect(valuesOf(own, [ALL, 'ab/*']).values['t 0']).toEqual(expect.arrayContaining(['b']));
    expect(valuesOf(own, [ALL, 'ab/*']).values['t 0']).not.toContain('ab');
    expect(valuesOf(own, [ALL, 'a*/*']).values['u 0']).toContain('a*');
  });

  it('of a capture of a user name are what another pattern for the name leaves', () => {
    expect(valuesOf(['users {t}-bot', '{t}'], ['users Ci-*', '**']).values['t 0']).toEqual(
      expect.arrayContaining(['*', 'ci', 'ci-*']),
    );
  });

  it('of {group} are what the name of the group is like', () => {
    expect(valuesOf(['groups Team-*', '{group}'], [ALL, '**']).values['group 0']).toEqual(['*', 'team-*']);
    expect(valuesOf(['groups a', '{group}'], [ALL, '**']).values['group 0']).toEqual(['*', 'a']);
  });

  it('of an attribute and of a capture of a group have nothing to do with user names', () => {
    const { values } = valuesOf(['users ci-*', '{attr:team}/*'], [TEAM, '*/{t}']);

    expect(values).toEqual({ 'attr:team 0': ['*'], 't 1': ['*'] });
  });

  it('are segments of a repository', () => {
    expect(valuesOf(['groups a_b*', '{group}'], [ALL, '**']).values['group 0']).toContain('a_b*');
    expect(valuesOf(['groups a@b*', '{group}'], [ALL, '**']).values['group 0']).toEqual(['*']);
  });
});

describe('a search is not exhaustive', () => {
  it('where a value has more than three stars', () => {
    expect(valuesOf([TEAM, '{t}'], [ALL, '*a*b*']).reasons).toEqual([]);
    expect(valuesOf([TEAM, '{t}'], [ALL, '*a*b*c*']).reasons).toEqual([TOO_MANY]);
  });

  it('where a placeholder has more than thirty values, of which the shortest are tried', () => {
    const segments = (count: number): string =>
      Array.from({ length: count }, (_, index) => 'a'.repeat(1 + ((index * 7) % count))).join('/');

    expect(
      valuesOf([TEAM, '**/{t}/**'], [ALL, Array.from({ length: 29 }, (_, index) => `a${index}`).join('/')]).reasons,
    ).toEqual([]);
    const { values, reasons } = valuesOf([TEAM, '**/{t}/**'], [ALL, segments(18)]);
    expect(reasons).toEqual([]);
    expect(values['t 0']).toHaveLength(19);
    const more = valuesOf(
      [TEAM, '**/{t}/**'],
      [ALL, `aaaaaaaaaaaa/${Array.from({ length: 29 }, (_, index) => `a${index}`).join('/')}`],
    );
    expect(more.reasons).toEqual([TOO_MANY]);
    expect(more.values['t 0']).toHaveLength(30);
    expect(more.values['t 0']).not.toContain('aaaaaaaaaaaa');
  });

  it('where values grow without end', () => {
    expect(valuesOf(['groups {t}', '{t}/{t}'], ['groups {u}', 'b{u}/{u}']).reasons).toContain(TOO_MANY);
  });
});
