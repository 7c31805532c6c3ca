/** Where the values of placeholders depend on each other. */
import { describe, expect, it } from 'vitest';
import { ANYTHING, nameGlob, STAR } from '../../../../../src/core/policy/exact/glob.ts';
import { sharedNames, sharedSegments } from '../../../../../src/core/policy/exact/ties.ts';
import type { PlaceholderShapes, Requirement } from '../../../../../src/core/policy/exact/ties.ts';
import { askersOf } from '../../../../../src/core/policy/asker.ts';
import { policyOf } from '../../../../support/policy-builder.ts';

/** One alternative of a rule: who, and a repository; none: the catalog. */
type Alternative = readonly [who: string, repository?: string];

function requirementOf([text, repository]: Alternative): Requirement {
  const [kind = '', name = ''] = text.split(' ');
  const who = kind === 'everyone' ? { everyone: true } : { [kind]: [name] };
  const place = repository === undefined ? { catalog: true } : { repositories: [repository] };
  const [rule] = policyOf([{ ...who, ...place, allow: ['*'] }]).rules;
  const [asker] = rule === undefined ? [] : askersOf(rule.who);
  if (rule === undefined || asker === undefined) throw new Error(`not a rule: ${text}`);
  return { who: asker, pattern: rule.repositories[0] };
}

/** Values of a placeholder, in the patterns with these numbers. */
function placeholder(name: string, at: readonly number[], ...texts: readonly string[]): PlaceholderShapes {
  return { name, at: [...at], globs: texts.length === 0 ? [ANYTHING] : texts.map((text) => nameGlob(text)) };
}

/** Each as `pattern with the value = what it must be like, or`. */
function shown(
  find: typeof sharedNames,
  alternatives: readonly Alternative[],
  placeholders: readonly PlaceholderShapes[],
) {
  const [first] = placeholders;
  if (first === undefined) return [];
  return find(first, placeholders, alternatives.map(requirementOf)).map(
    ({ holder, others }) =>
      `${holder.key} = ${others.map((glob) => glob.join('').replaceAll('*', '\\*').replaceAll(STAR, '*')).join(', ')}`,
  );
}

const TEAM = 'groups team-{t}';
const ALL = 'users *';
const T = placeholder('t', [0]);

describe('a segment with a value is tied to the segments of another pattern', () => {
  it.each<[string, string, string, readonly string[]]>([
    ['in the same place from the beginning', '{t}/**', 'web/x', ['{t} = web']],
    ['in the same place from the beginning, before any segments', '{t}/x', 'web/**', ['{t} = web']],
    ['in the same place from the end', '**/{t}', 'web/x', ['{t} = x']],
    ['in any place between any segments', '**/{t}/**', 'web/x', ['{t} = web, x']],
    ['in any place that is behind its any segments', 'a/{t}/**', '**/b/c', ['{t} = b, c']],
    ['but not in another place', '{t}/x', '**/y', ['{t} = ']],
    ['but not in another place behind any segments', '**/{t}/x', 'a/**/c/d/e', ['{t} = a, d']],
    ['if it has the value in it', 'a-{t}/{t}/t', 'a-web/b/t', ['a-{t} = a-web', '{t} = b']],
    ['unless every text fits there', '{t}/{t}', '*/**', ['{t} = ', '{t} = ']],
    ['with a star', '{t}', 'a*b', ['{t} = a*b']],
    ['once for each text', '**/{t}/**', 'web/web', ['{t} = web']],
  ])('%s: %s and %s', (_what, own, other, expected) => {
    expect(
      shown(
        sharedSegments,
        [
          [TEAM, own],
          ['users *', other],
        ],
        [T],
      ),
    ).toEqual(expected);
  });

  it('with each value of the placeholders there', () => {
    const placeholders = [T, placeholder('u', [1], 'a', 'b*'), placeholder('v', [1], 'c'), placeholder('v', [0], 'd')];

    expect(
      shown(
        sharedSegments,
        [
          [TEAM, '{t}'],
          ['groups {u}-{v}', '{u}.{v}'],
        ],
        placeholders,
      ),
    ).toEqual(['{t} = a.c, b*.c']);
    expect(
      shown(
        sharedSegments,
        [
          [TEAM, '{t}'],
          ['groups {u}-{v}', '{u}.{v}'],
        ],
        [T],
      ),
    ).toEqual(['{t} = *.*']);
  });

  it('but a segment with another value or a star is not', () => {
    expect(
      shown(
        sharedSegments,
        [
          ['groups {t}-{u}', '{t}/{u}/x*'],
          [ALL, 'a/b/c'],
        ],
        [T],
      ),
    ).toEqual(['{t} = a']);
  });

  it('in each pattern that has the value', () => {
    const alternatives: readonly Alternative[] = [
      ['users *', '{user}/b'],
      ['users a*', 'web/{user}'],
    ];

    expect(shown(sharedSegments, alternatives, [placeholder('user', [0, 1], 'x')])).toEqual([
      '{user} = web',
      '{user} = b',
    ]);
  });

  it('but not to a pattern for the catalog', () => {
    expect(shown(sharedSegments, [[TEAM, '{t}'], ['users *']], [T])).toEqual(['{t} = ']);
  });
});

describe('values of one name are tied to each other', () => {
  const own: readonly Alternative[] = [[TEAM, '{t}/{group}']];
  const [group, captured] = [placeholder('group', [0], 'team-a*'), placeholder('t', [0], 'b', '*')];

  it('the name to the values of its captures', () => {
    expect(shown(sharedNames, own, [group, captured])).toEqual(['{group} = team-b, team-*']);
  });

  it('a capture to the values of the name', () => {
    expect(shown(sharedNames, own, [captured, group])).toEqual(['team-{t} = team-a*']);
  });

  it('with stars and texts around the captures', () => {
    const alternatives: readonly Alternative[] = [['groups *-{team}.{u}x', '{team}/{u}/{group}']];

    expect(
      shown(sharedNames, alternatives, [
        placeholder('group', [0]),
        placeholder('team', [0], 'a'),
        placeholder('u', [0], 'b'),
      ]),
    ).toEqual(['{group} = *-a.bx']);
  });

  it('of users in all rules, because the user is the same', () => {
    const alternatives: readonly Alternative[] = [
      ['users ci-{t}', '{t}/x'],
      ['users *', '*/{user}'],
    ];

    expect(shown(sharedNames, alternatives, [placeholder('t', [0]), placeholder('user', [1], 'ci-a')])).toEqual([
      'ci-{t} = ci-a',
    ]);
    expect(shown(sharedNames, alternatives, [placeholder('user', [1]), placeholder('t', [0], 'a')])).toEqual([
      '{user} = ci-a',
    ]);
  });

  it('of groups in one rule only, because the groups may differ', () => {
    const alternatives: readonly Alternative[] = [
      [TEAM, '{t}/x'],
      ['groups *', '*/{group}'],
    ];

    expect(shown(sharedNames, alternatives, [placeholder('t', [0]), placeholder('group', [1], 'team-a')])).toEqual([]);
    expect(shown(sharedNames, alternatives, [placeholder('group', [1]), placeholder('t', [0], 'a')])).toEqual([]);
  });

  it.each<[string, readonly Alternative[], readonly PlaceholderShapes[]]>([
    ['a rule for everyone', [['everyone', 'a']], [placeholder('user', [0]), placeholder('a', [0])]],
    ['a name without a capture', [['users a*', '{user}']], [placeholder('user', [0])]],
    ['captures without the name', [[TEAM, '{t}']], [T]],
    ['the name without its captures', [[TEAM, '{group}']], [placeholder('group', [0]), placeholder('t', [1])]],
    ['an attribute', [[TEAM, '{t}/{group}/{attr:t}']], [placeholder('attr:t', [0]), group, captured]],
  ])('but not of %s', (_what, alternatives, placeholders) => {
    expect(shown(sharedNames, alternatives, placeholders)).toEqual([]);
  });
});
