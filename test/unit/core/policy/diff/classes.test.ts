/** What changes from one policy to another, as it is listed. */
import { describe, expect, it } from 'vitest';
import { compareByClasses } from '../../../../../src/core/policy/diff/classes.ts';
import type { CompareOptions } from '../../../../../src/core/policy/diff/classes.ts';
import { whoText } from '../../../../../src/core/policy/who-text.ts';
import { callerOf, policyOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

const TEAMS: RuleText = { groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull', 'push'] };
const PUBLIC: RuleText = { everyone: true, repositories: ['public/**'], allow: ['pull'] };
const RELEASES: RuleText = {
  users: ['*'],
  except: { users: ['bot'] },
  repositories: ['*/release/**'],
  deny: ['push', 'delete'],
};

/** `gained pull on public/**: user alice, group x`. */
function changes(before: readonly RuleText[], after: readonly RuleText[], options?: CompareOptions): readonly string[] {
  const { classes, complete } = compareByClasses(policyOf(before), policyOf(after), options);
  expect(complete).toBe(true);
  return classes.map(({ change, actions, alternatives, additional, example, users }) => {
    const askers = [...alternatives.map((alternative) => alternative.who), ...additional];
    const who = askers.map((asker) => whoText(asker, 'pattern')).join(' and ');
    const named = users.length === 0 ? '' : ` (${users.join(', ')})`;
    return `${change} ${actions.join(', ')} on ${example.pattern ?? 'the catalog'}: ${who}${named}`;
  });
}

describe('no change is listed', () => {
  it.each<[string, readonly RuleText[], readonly RuleText[]]>([
    ['for other names and another order', [TEAMS, PUBLIC], [{ ...PUBLIC, name: 'other' }, TEAMS]],
    [
      'for one rule made of two',
      [
        { users: ['a'], repositories: ['x', 'y'], allow: ['pull'] },
        { users: ['b'], repositories: ['x', 'y'], allow: ['pull'] },
      ],
      [{ users: ['b', 'a'], repositories: ['y', 'x'], allow: ['pull'] }],
    ],
    [
      'for a rule that another one holds already',
      [PUBLIC],
      [PUBLIC, { groups: ['x'], repositories: ['public/base'], allow: ['pull'] }],
    ],
    [
      'for a denial of what nobody was allowed',
      [PUBLIC],
      [PUBLIC, { users: ['*'], repositories: ['**'], deny: ['push'] }],
    ],
    [
      'for a denial where no repository is of both',
      [PUBLIC],
      [PUBLIC, { users: ['*'], repositories: ['private/**'], deny: ['*'] }],
    ],
  ])('%s', (_what, before, after) => {
    expect(changes(before, after)).toEqual([]);
  });
});

describe('a change is listed', () => {
  it.each<[string, readonly RuleText[], readonly RuleText[], readonly string[]]>([
    ['for a rule that is new', [TEAMS], [TEAMS, PUBLIC], ['gained pull on public/**: everyone']],
    ['for a rule that is gone', [TEAMS, PUBLIC], [PUBLIC], ['lost pull, push on {team}/**: group team-{team}']],
    ['for an action more', [PUBLIC], [{ ...PUBLIC, allow: ['pull', 'push'] }], ['gained push on public/**: everyone']],
    [
      'where a denial meets what was allowed, with the pattern they come to',
      [TEAMS],
      [TEAMS, RELEASES],
      ['lost push on {team}/release/**: group team-{team} and any user'],
    ],
    [
      'where a denial that goes had met what is allowed',
      [TEAMS, { ...RELEASES, repositories: ['web/**'] }],
      [TEAMS],
      ['gained push on web/**: group team-{team} and any user'],
    ],
    [
      'for those in two groups, of which neither alone changes anything',
      [
        { groups: ['a'], repositories: ['x'], allow: ['pull'] },
        { groups: ['b'], repositories: ['x'], deny: ['pull'] },
      ],
      [{ groups: ['a'], repositories: ['x'], allow: ['pull'] }],
      ['gained pull on x: group a and group b'],
    ],
    [
      'for those alone whom an exception of another rule spares',
      [{ users: ['*'], except: { groups: ['guests'] }, repositories: ['x'], allow: ['pull'] }],
      [
        { users: ['*'], except: { groups: ['guests'] }, repositories: ['x'], allow: ['pull'] },
        { users: ['*'], repositories: ['x'], allow: ['pull'] },
      ],
      ['gained pull on x: any user and group guests'],
    ],
    ['for the catalog', [PUBLIC], [{ ...PUBLIC, catalog: true }], ['gained * on the catalog: everyone']],
    [
      'for the depths alone at which nothing was allowed',
      ['*', '*/*', '*/*/*', '*/*/*/*', '*/*/*/*/*', '*/*/*/*/*/*'].map((place) => ({
        ...PUBLIC,
        repositories: [place],
      })),
      [{ ...PUBLIC, repositories: ['**'] }],
      ['gained pull on **: everyone'],
    ],
    [
      'for users of a directory alone, where names meet that differ in case',
      [
        { users: ['Alice'], repositories: ['x'], allow: ['pull'] },
        { users: ['alice'], repositories: ['x'], deny: ['pull'] },
      ],
      [{ users: ['Alice'], repositories: ['x'], allow: ['pull'] }],
      ['gained pull on x: user Alice and user alice'],
    ],
    [
      'where a value makes two rules meet',
      [
        { groups: ['team-{team}'], repositories: ['all/{team}-*'], allow: ['pull'] },
        { users: ['ci-*'], repositories: ['all/web-1'], deny: ['pull'] },
      ],
      [{ groups: ['team-{team}'], repositories: ['all/{team}-*'], allow: ['pull'] }],
      ['gained pull on all/web-1: group team-{team} and user ci-*'],
    ],
    [
      'where the name of a user makes two rules meet',
      [
        { users: ['*'], repositories: ['{user}/**'], allow: ['pull'] },
        { users: ['ci-*'], repositories: ['**'], deny: ['pull'] },
      ],
      [{ users: ['*'], repositories: ['{user}/**'], allow: ['pull'] }],
      ['gained pull on {user}/**: any user and user ci-*'],
    ],
    [
      'for names that differ only in case',
      [{ users: ['Alice'], repositories: ['x'], allow: ['pull'] }],
      [{ users: ['alice'], repositories: ['x'], allow: ['pull'] }],
      ['lost pull on x: user Alice', 'gained pull on x: user alice'],
    ],
  ])('%s', (_what, before, after, expected) => {
    expect(changes(before, after)).toEqual(expected);
  });

  it('with the real users whose it is, and no others', () => {
    const users = [
      callerOf({ user: 'alice', groups: ['team-web'] }),
      callerOf({ user: 'bot', groups: ['team-web'] }),
      callerOf({ user: 'carol', groups: ['web'] }),
    ];

    expect(changes([TEAMS], [TEAMS, RELEASES], { users })).toEqual([
      'lost push on {team}/release/**: group team-{team} and any user (alice)',
    ]);
  });

  it('for the services there are, and for no other', () => {
    const through = (service: string): RuleText => ({ ...PUBLIC, services: [service] });

    expect(changes([through('one')], [PUBLIC], { services: ['one'] })).toEqual([]);
    expect(changes([through('one')], [PUBLIC], { services: ['one', 'two'] })).toEqual([
      'gained pull on public/**: everyone',
    ]);
  });

  it('for addresses between two ranges', () => {
    const from = (...clients: readonly string[]): RuleText => ({ ...PUBLIC, clients });
    const halves = from('10.0.0.0/9', '10.128.0.0/9');

    expect(changes([halves], [from('10.0.0.0/8')])).toEqual([]);
    expect(changes([from('10.0.0.0/9')], [from('10.0.0.0/8')])).toEqual(['gained pull on public/**: everyone']);
  });
});

/** The name of a user whose decisions change must fit several patterns at once. */
describe('a change for some users alone is listed', () => {
  const own = (repositories: readonly string[]): RuleText => ({ users: ['*'], repositories, allow: ['delete'] });
  const examples = (before: readonly RuleText[], after: readonly RuleText[], evaluation: 'union' | 'first-match') =>
    compareByClasses(policyOf(before, {}, evaluation), policyOf(after, {}, evaluation)).classes.map(
      ({ change, example: { situation, asked } }) =>
        `${change} ${situation.caller.kind === 'user' ? situation.caller.identity.username : ''}: ${asked.name}`,
    );

  it('where a name is of a rule and of a repository', () => {
    const bots: RuleText = { users: ['ci-*'], repositories: ['*-1'], allow: ['pull'] };

    const found = examples([bots, own(['{user}/**'])], [own(['{user}/**'])], 'first-match');

    expect(found).toContainEqual(expect.stringMatching(/^gained (ci-\S*1): \1$/));
  });

  it('where both rules have the name in them, in different places', () => {
    const deny: RuleText = { users: ['*'], repositories: ['all/{user}-*'], deny: ['delete'] };

    const found = examples([own(['{user}/**'])], [own(['{user}/**']), deny], 'union');

    expect(found).toEqual([expect.stringMatching(/^lost all: all\/all-/)]);
  });

  it('where a name of a rule is a part of a segment', () => {
    const bots: RuleText = { users: ['ci-*'], repositories: ['all/*-x-*'], deny: ['delete'] };

    const found = examples([own(['all/{user}-*'])], [own(['all/{user}-*']), bots], 'union');

    expect(found).toEqual([expect.stringMatching(/^lost (ci-\S*): all\/\1-/)]);
  });
});

describe('rules with conditions that only a request can show', () => {
  const matching = (text: string): RuleText => ({ ...PUBLIC, match: { account: text } });
  const compare = (before: RuleText, after: RuleText) =>
    compareByClasses(policyOf([before], {}, 'first-match'), policyOf([after], {}, 'first-match'));

  it('are named where they change', () => {
    expect(compare(matching('a'), matching('b')).undecided.map(({ name }) => name)).toEqual(['rule 1', 'rule 1']);
  });

  it('are named where they stay and a rule before them is new', () => {
    const policy = (...rules: readonly RuleText[]) => policyOf(rules, {}, 'first-match');
    const deny: RuleText = { users: ['*'], repositories: ['public/**'], deny: ['pull'] };

    const { classes, undecided } = compareByClasses(policy(matching('a')), policy(deny, matching('a')));

    expect(classes).toEqual([]);
    expect(undecided.map(({ index }) => index)).toEqual([1]);
    expect(compareByClasses(policy(matching('a'), TEAMS), policy(matching('a'), PUBLIC)).undecided).toEqual([]);
  });

  it('are not named where they stay', () => {
    expect(compare(matching('a'), { ...matching('a'), name: 'other' })).toEqual({
      classes: [],
      complete: true,
      gaps: [],
      undecided: [],
    });
  });
});

it('a comparison that reaches its bound is reported as incomplete', () => {
  const rules = Array.from({ length: 50 }, (_, at): RuleText => ({ ...PUBLIC, repositories: [`r${at}`] }));

  expect(compareByClasses(policyOf([]), policyOf(rules), { maxUnits: 20 })).toMatchObject({ complete: false });
  expect(compareByClasses(policyOf([]), policyOf(rules)).classes).toHaveLength(50);
});
