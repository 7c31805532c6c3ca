import { describe, expect, it } from 'vitest';
import { explain } from '../../../../src/core/policy/explain.ts';
import { ask, policyOf } from '../../../support/policy-builder.ts';
import type { Asker, RuleText } from '../../../support/policy-builder.ts';

const granted = (rules: readonly RuleText[], asker: Asker, scope: string): string =>
  ask(policyOf(rules), asker, scope).granted.join(',');
const ALICE: Asker = { user: 'alice', groups: ['team-web'] };

describe('who a rule names', () => {
  const on = { repositories: ['a/**'], allow: ['pull'] } as const;

  it.each<[string, RuleText, Asker, string]>([
    ['a user by name', { ...on, users: ['alice'] }, ALICE, 'pull'],
    ['no user of another case, where names are exact', { ...on, users: ['Alice'] }, ALICE, ''],
    [
      'a user of another case, where the directory ignores it',
      { ...on, users: ['Alice'] },
      { user: 'ALICE', caseless: true },
      'pull',
    ],
    ['any user by *', { ...on, users: ['*'] }, { user: 'x' }, 'pull'],
    ['nobody anonymous by *', { ...on, users: ['*'] }, {}, ''],
    ['anybody by everyone', { ...on, everyone: true }, {}, 'pull'],
    ['users by part of a name', { ...on, users: ['ci-*'] }, { user: 'ci-7' }, 'pull'],
    ['a group by name', { ...on, groups: ['team-web'] }, ALICE, 'pull'],
    ['no group by the beginning of its name', { ...on, groups: ['team'] }, ALICE, ''],
    ['a user or a group', { ...on, users: ['bob'], groups: ['team-web'] }, ALICE, 'pull'],
    [
      'a DN in any spelling',
      { ...on, groups: ['CN=Audit , OU=Groups,DC=Corp'] },
      { user: 'a', groups: ['cn=audit,ou=groups,dc=corp'] },
      'pull',
    ],
    ['nobody who is excepted', { ...on, users: ['*'], except: { users: ['alice'] } }, ALICE, ''],
    ['those who are no exception', { ...on, users: ['*'], except: { users: ['alice'] } }, { user: 'bob' }, 'pull'],
    ['nobody in an excepted group', { ...on, users: ['*'], except: { groups: ['team-*'] } }, ALICE, ''],
  ])('is %s', (_who, rule, asker, expected) => {
    expect(granted([rule], asker, 'repository:a/b:pull')).toBe(expected);
  });

  it('can be narrowed to services and to addresses', () => {
    const rule = {
      everyone: true,
      services: ['*.example.com'],
      clients: ['10.0.0.0/8'],
      repositories: ['**'],
      allow: ['pull'],
    };
    const from = (service: string, client: string): string => granted([rule], { service, client }, 'repository:a:pull');

    expect(from('r.example.com', '10.1.2.3')).toBe('pull');
    expect(from('r.example.org', '10.1.2.3')).toBe('');
    expect(from('r.example.com', '192.0.2.1')).toBe('');
    expect(from('r.example.com', '')).toBe('');
  });
});

describe('which repositories', () => {
  it.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/b/c', false],
    ['a/*', 'a/b', true],
    ['a/*', 'a/b/c', false],
    ['a/*', 'a', false],
    ['a/b*', 'a/bcd', true],
    ['*-dev/*', 'web-dev/x', true],
    ['a/**', 'a', true],
    ['a/**', 'a/b/c', true],
    ['a/**', 'ab', false],
    ['**', 'anything/at/all', true],
    ['**/release', 'a/b/release', true],
    ['**/release', 'release', true],
    ['*/release/**', 'web/release/1/x', true],
    ['*/release/**', 'release/x', false],
    ['a/**/z', 'a/z', true],
    ['a/**/z', 'a/b/c/z', true],
    ['a/**/z', 'a/b/c', false],
    ['**', 'not//valid', false],
    ['**', 'Upper', false],
    ['**', '../up', false],
    ['localhost:5000/a/*', 'localhost:5000/a/b', true],
  ])('%s and %s: %s', (pattern, repository, matches) => {
    const rule = { everyone: true, repositories: [pattern], allow: ['pull'] };

    expect(granted([rule], {}, `repository:${repository}:pull`)).toBe(matches ? 'pull' : '');
  });

  it.each(['', '/a', 'a/', 'a//b', 'A/b', 'a/***', 'a**', 'a/{', '**/**/**', 'ä/b'])(
    'refuses the pattern "%s"',
    (pattern) => {
      expect(() => policyOf([{ everyone: true, repositories: [pattern], allow: ['pull'] }])).toThrow(/repositories/);
    },
  );
});

describe('values in patterns', () => {
  const team: RuleText = { groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull', 'push'] };

  it('come from groups and users, each its own', () => {
    const both = { user: 'alice', groups: ['team-web', 'team-api'] };

    expect(granted([team], both, 'repository:web/x:push')).toBe('push');
    expect(granted([team], both, 'repository:api/x:push')).toBe('push');
    expect(granted([team], both, 'repository:db/x:push')).toBe('');
  });

  it('are lower-cased, as repository names are', () => {
    expect(granted([team], { user: 'a', groups: ['team-Web'] }, 'repository:web/x:pull')).toBe('pull');
  });

  it.each(['*', '**', 'a/b', '..', '{user}', 'a b', '', '-a'])(
    'the value "%s" never widens a pattern, and the reason says so',
    (value) => {
      const grant = ask(
        policyOf([team]),
        { user: 'a', groups: [`team-${value}`, 'team-ok'] },
        'repository:other/x:pull',
      );

      expect(grant.granted).toEqual([]);
      expect(ask(policyOf([team]), { user: 'a', groups: ['team-ok'] }, 'repository:ok/x:pull').granted).toEqual([
        'pull',
      ]);
    },
  );

  it('of users, groups, attributes and claims', () => {
    const rules = [
      { users: ['*'], repositories: ['users/{user}/**'], allow: ['pull'] },
      { groups: ['*'], repositories: ['groups/{group}/*'], allow: ['pull'] },
      { users: ['*'], repositories: ['{attr:department}/*'], allow: ['pull'] },
      { users: ['*'], repositories: ['{claim:tenant}/*'], allow: ['pull'] },
    ];
    const asker = {
      user: 'Alice',
      groups: ['g1'],
      attributes: { 'attr:department': ['Sales', 'ops'], 'claim:tenant': ['t1'] },
    };
    const pulls = (repository: string): string => granted(rules, asker, `repository:${repository}:pull`);

    expect(['users/alice/x', 'groups/g1/x', 'sales/x', 'ops/x', 't1/x'].map(pulls)).toEqual(Array(5).fill('pull'));
    expect(['users/bob/x', 'groups/g2/x', 'hr/x', 't2/x'].map(pulls)).toEqual(Array(4).fill(''));
  });

  it('cannot be named in repositories when nothing captures them', () => {
    expect(() => policyOf([{ users: ['*'], repositories: ['{team}/**'], allow: ['pull'] }])).toThrow(/team/);
  });
});

describe('what is granted', () => {
  const all: RuleText = { everyone: true, repositories: ['**'], allow: ['*'] };

  it.each<[string, readonly RuleText[], string, string]>([
    ['nothing without a rule', [], 'repository:a:pull', ''],
    [
      'the union of what rules allow',
      [
        { everyone: true, repositories: ['a'], allow: ['pull'] },
        { everyone: true, repositories: ['a'], allow: ['push'] },
      ],
      'repository:a:pull,push,delete',
      'pull,push',
    ],
    [
      'less what any rule denies',
      [all, { everyone: true, repositories: ['a'], deny: ['push'] }],
      'repository:a:pull,push,delete',
      'pull,delete',
    ],
    [
      'nothing when all is denied',
      [all, { everyone: true, repositories: ['a'], deny: ['*'] }],
      'repository:a:pull,push',
      '',
    ],
    ['everything for *, where everything is allowed', [all], 'repository:a:*', 'pull,push,delete,*'],
    [
      'what there is for *, where not everything is allowed',
      [{ everyone: true, repositories: ['a'], allow: ['pull', 'delete'] }],
      'repository:a:*',
      'pull,delete',
    ],
    [
      'never * where something is denied',
      [all, { everyone: true, repositories: ['a'], deny: ['delete'] }],
      'repository:a:*',
      'pull,push',
    ],
    ['no action that does not exist', [all], 'repository:a:pull,fly', 'pull'],
    ['a class as its type', [all], 'repository(plugin):a:pull', 'pull'],
    ['nothing of another type', [all], 'namespace:a:pull', ''],
    ['no catalog by **', [all], 'registry:catalog:*', ''],
    [
      'the catalog where a rule says so',
      [{ everyone: true, catalog: true, allow: ['pull'] }],
      'registry:catalog:*',
      '*',
    ],
    [
      'no catalog where a rule denies it',
      [
        { everyone: true, catalog: true, allow: ['pull'] },
        { everyone: true, catalog: true, deny: ['*'] },
      ],
      'registry:catalog:*',
      '',
    ],
  ])('is %s', (_what, rules, scope, expected) => {
    expect(granted(rules, {}, scope)).toBe(expected);
  });
});

describe('roles', () => {
  it('stand for their actions, and no unknown name does', () => {
    const roles = { writer: ['pull', 'push'] };
    const rule = { everyone: true, repositories: ['a'], allow: ['writer'] };

    expect(ask(policyOf([rule], roles), {}, 'repository:a:pull,push').granted).toEqual(['pull', 'push']);
    for (const name of ['write', '__proto__', 'constructor', 'toString']) {
      expect(() => policyOf([{ ...rule, allow: [name] }], roles)).toThrow(/allow/);
    }
  });
});

describe('the explanation', () => {
  const rules: readonly RuleText[] = [
    { name: 'teams', groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull', 'push'] },
    { name: 'releases', users: ['*'], repositories: ['*/release/**'], deny: ['push'] },
  ];

  it.each<[string, Asker, string, readonly string[]]>([
    [
      'names each rule that had a say, where it stands and through what',
      ALICE,
      'repository:web/release/x:pull,push',
      [
        'repository:web/release/x:pull,push grants pull',
        '  rule "teams" (policy.yaml:1) allows pull, push for group team-web',
        '  rule "releases" (policy.yaml:2) denies push for user alice',
      ],
    ],
    [
      'says so when no rule speaks',
      ALICE,
      'repository:api/x:pull',
      ['repository:api/x:pull grants nothing', '  no rule allows it, and what no rule allows is denied'],
    ],
    [
      'says which value prevents a rule from applying',
      { user: 'a', groups: ['team-a b'] },
      'repository:web/x:pull',
      [
        'repository:web/x:pull grants nothing',
        '  no rule allows it, and what no rule allows is denied',
        '  rule "teams" (policy.yaml:1) is for group team-a b, but does not apply: {team} is "a b", which cannot be part of a repository name',
      ],
    ],
  ])('%s', (_what, asker, scope, lines) => {
    expect(explain(ask(policyOf(rules), asker, scope))).toEqual(lines);
  });
});
