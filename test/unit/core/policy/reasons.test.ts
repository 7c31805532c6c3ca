import { describe, expect, it } from 'vitest';
import { ask, conditionWhere, policyOf } from '../../../support/policy-builder.ts';
import type { Asker, RuleText } from '../../../support/policy-builder.ts';

const granted = (rules: readonly RuleText[], asker: Asker, scope: string): string =>
  ask(policyOf(rules), asker, scope).granted.join(',');
const ALICE: Asker = { user: 'alice', groups: ['team-web'] };

describe('the reasons of a decision', () => {
  it('are listed in the order of the file, each rule once', () => {
    const policy = policyOf([
      { name: 'deep', users: ['*'], repositories: ['**', 'a/*'], allow: ['pull'] },
      { name: 'team', users: ['alice'], groups: ['team-web'], repositories: ['a/b'], deny: ['push'] },
      { name: 'open', everyone: true, repositories: ['a/**'], allow: ['push'] },
    ]);

    const { because } = ask(policy, ALICE, 'repository:a/b:pull,push');

    expect(because.map(({ rule, effect, via }) => `${rule} ${effect} ${via}`)).toEqual([
      'deep allow user alice',
      'team deny user alice',
      'open allow everyone',
    ]);
  });

  it('say that a user has no value that a rule needs', () => {
    const policy = policyOf([{ users: ['*'], repositories: ['{attr:x}/y'], allow: ['pull'] }]);

    expect(ask(policy, ALICE, 'repository:a/y:pull').because).toMatchObject([
      { effect: 'skipped', via: 'user alice', note: 'the user has no {attr:x}' },
    ]);
  });

  it('leave out a rule that was skipped once and applies all the same', () => {
    const policy = policyOf([{ groups: ['team-{t}'], repositories: ['{t}/x', 'open/x'], allow: ['pull'] }]);
    const odd = { user: 'a', groups: ['team-a b'] };

    expect(ask(policy, odd, 'repository:open/x:pull').because).toMatchObject([
      { effect: 'allow', via: 'group team-a b' },
    ]);
  });

  it('name the literal group, and the value {group} takes from it', () => {
    const policy = policyOf([{ groups: ['admins'], repositories: ['{group}/*'], allow: ['pull'] }]);

    expect(ask(policy, { user: 'a', groups: ['admins'] }, 'repository:admins/x:pull')).toMatchObject({
      granted: ['pull'],
      because: [{ via: 'group admins' }],
    });
  });
});

describe('rules with conditions', () => {
  it('apply when one of several services and one of several ranges fits', () => {
    const rule = {
      everyone: true,
      services: ['a', 'b'],
      clients: ['10.0.0.0/8', '192.0.2.0/24'],
      repositories: ['x'],
      allow: ['pull'],
    };

    expect(granted([rule], { service: 'b', client: '192.0.2.9' }, 'repository:x:pull')).toBe('pull');
    expect(granted([rule], { service: 'c', client: '192.0.2.9' }, 'repository:x:pull')).toBe('');
  });

  it('apply where their own condition holds, which sees the caller, the service and the name', () => {
    const seen: unknown[] = [];
    const match = conditionWhere(({ caller, service }, name) => {
      seen.push([caller.kind, service, name]);
      return name !== 'a/no';
    });
    const rules = [{ everyone: true, match, repositories: ['a/**'], catalog: true, allow: ['pull'] }];

    expect(granted(rules, { service: 's' }, 'repository:a/yes:pull')).toBe('pull');
    expect(granted(rules, { service: 's' }, 'repository:a/no:pull')).toBe('');
    expect(granted(rules, { service: 's' }, 'registry:catalog:*')).toBe('*');
    expect(seen).toEqual([
      ['anonymous', 's', 'a/yes'],
      ['anonymous', 's', 'a/no'],
      ['anonymous', 's', 'catalog'],
    ]);
  });
});

describe('the catalog', () => {
  const open: RuleText = { everyone: true, catalog: true, allow: ['pull'] };

  it.each([
    ['registry:catalog:*', '*'],
    ['registry:catalog:pull', ''],
    ['registry:other:*', ''],
    ['repository::pull', 'pull'],
    ['repository::push', ''],
    ['namespace::pull', ''],
  ])('asked as %s is "%s"', (scope, expected) => {
    expect(granted([open], {}, scope)).toBe(expected);
  });

  it('asked without a name, as zot does, is closed by a deny rule', () => {
    expect(granted([open, { users: ['*'], catalog: true, deny: ['pull'] }], ALICE, 'repository::pull')).toBe('');
    expect(granted([open, { users: ['*'], catalog: true, deny: ['pull'] }], {}, 'repository::pull')).toBe('pull');
  });
});

describe('first-match evaluation', () => {
  const first = (rules: readonly RuleText[], asker: Asker, scope: string) =>
    ask(policyOf(rules, {}, 'first-match'), asker, scope);
  const rules: readonly RuleText[] = [
    { name: 'a', users: ['alice'], repositories: ['x/*'], allow: ['pull'] },
    { name: 'b', users: ['*'], repositories: ['x/*'], deny: ['*'] },
    { name: 'c', users: ['*'], repositories: ['**'], allow: ['*'] },
    { name: 'd', everyone: true, catalog: true, allow: ['pull'] },
  ];

  it.each<[Asker, string, string, readonly string[]]>([
    [ALICE, 'repository:x/y:pull,push', 'pull', ['a']],
    [{ user: 'bob' }, 'repository:x/y:pull,push', '', ['b']],
    [{ user: 'bob' }, 'repository:z:pull,*,fly', 'pull,*', ['c']],
    [{}, 'repository:z:pull', '', []],
    [{}, 'registry:catalog:*', '*', ['d']],
  ])('of %j on %s grants "%s"', (asker, scope, expected, names) => {
    const grant = first(rules, asker, scope);

    expect(grant.granted.join(',')).toBe(expected);
    expect(grant.because.map(({ rule }) => rule)).toEqual(names);
  });

  it('continues after a rule that lacks a value', () => {
    const grant = first(
      [
        { name: 'lacks', users: ['*'], repositories: ['{attr:x}/y'], allow: ['push'] },
        { name: 'decides', users: ['*'], repositories: ['**'], allow: ['pull'] },
      ],
      ALICE,
      'repository:a/y:pull,push',
    );

    expect(grant.granted).toEqual(['pull']);
    expect(grant.because.map(({ rule }) => rule)).toEqual(['lacks', 'decides']);
  });
});
