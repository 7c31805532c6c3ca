import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action } from '../../../../src/core/access.ts';
import { isOpen, whoCan } from '../../../../src/core/policy/who-can.ts';
import type { WhoCan } from '../../../../src/core/policy/who-can.ts';
import { allKinds } from '../../../support/any-conditions.ts';
import { ask, callerOf, policyOf } from '../../../support/policy-builder.ts';
import type { Asker, RuleText } from '../../../support/policy-builder.ts';

const find = (
  rules: readonly RuleText[],
  repository: string,
  users: readonly Asker[] = [],
  action: Action = 'push',
): WhoCan =>
  whoCan(policyOf(rules), action, repository, { service: 'one', client: '10.1.2.3', users: users.map(callerOf) });
/** Each grantee as `who: verdict`. */
const verdicts = (...given: Parameters<typeof find>): readonly string[] =>
  find(...given).grantees.map(({ who, verdict, conditions }) => [`${who}: ${verdict}`, ...conditions].join('; '));

const teams: RuleText = { groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull', 'push'] };

describe('who can do everything (*)', () => {
  const admins: RuleText = { groups: ['admins'], repositories: ['**'], allow: ['*'] };
  const alice: Asker = { user: 'alice', groups: ['team-web'] };
  const root: Asker = { user: 'root', groups: ['admins'] };

  it('is nobody but those whom a rule allows it, and not users who are granted a part of it', () => {
    const found = find([teams, admins], 'web/shop', [alice, root], '*');

    expect(found.grantees.map(({ who, verdict }) => `${who}: ${verdict}`)).toEqual(['members of admins: yes']);
    expect(found.users).toEqual(['root']);
  });

  it('is nobody where a rule denies a part of it', () => {
    const denied: RuleText = { everyone: true, repositories: ['web/**'], deny: ['delete'] };

    const found = find([teams, admins, denied], 'web/shop', [alice, root], '*');

    expect(found.users).toEqual([]);
    expect(found.grantees.filter(isOpen)).toEqual([]);
  });
});

describe('who can push', () => {
  it.each<[string, readonly RuleText[], string, readonly string[]]>([
    ['the group whose capture it is', [teams], 'web/shop', ['members of team-web: yes']],
    [
      'the group of a rule with an exception, without a condition',
      [{ ...teams, except: { users: ['bob'] } }],
      'web/shop',
      ['members of team-web: yes'],
    ],
    [
      'the user whose home it is',
      [{ users: ['*'], repositories: ['users/{user}/**'], allow: ['push'] }],
      'users/bob/a',
      ['user bob: yes'],
    ],
    [
      'nobody whose home it is not',
      [{ users: ['a*'], repositories: ['users/{user}/**'], allow: ['push'] }],
      'users/bob/a',
      [],
    ],
    [
      'the group named so',
      [{ groups: ['*'], repositories: ['{group}/**'], allow: ['push'] }],
      'ops/a',
      ['members of ops: yes'],
    ],
    ['any user', [{ users: ['*'], repositories: ['a'], allow: ['*'] }], 'a', ['any user: yes']],
    [
      'everybody',
      [{ everyone: true, repositories: ['a'], allow: ['push'] }],
      'a',
      ['anybody, also without a login: yes'],
    ],
    [
      'who has the attribute',
      [{ users: ['*'], repositories: ['{attr:department}/**'], allow: ['push'] }],
      'web/a',
      ['any user: perhaps; attr:department is web'],
    ],
    [
      'the member with that name',
      [{ groups: ['devs'], repositories: ['{user}/**'], allow: ['push'] }],
      'bob/a',
      ['members of devs: perhaps; user is bob'],
    ],
    [
      'who asks from there',
      [{ ...teams, clients: ['10.0.0.0/8'] }],
      'web/a',
      ['members of team-web: perhaps; asked from 10.0.0.0/8'],
    ],
    ['nobody through another registry', [{ ...teams, services: ['two'] }], 'web/a', []],
    ['nobody who may only pull', [{ ...teams, allow: ['pull'] }], 'web/a', []],
  ])('%s', (_what, rules, repository, expected) => {
    expect(verdicts(rules, repository)).toEqual(expected);
  });

  it('nobody whom a denial denies it, except the exceptions of the denial', () => {
    const deny: RuleText = { users: ['*'], except: { users: ['bot'] }, repositories: ['*/release/**'], deny: ['push'] };

    const [grantee] = find([teams, deny], 'web/release/a').grantees;

    expect(grantee).toMatchObject({
      who: 'members of team-web',
      verdict: 'no',
      denials: [{ rule: 'rule 2', line: 2, except: ['user bot'] }],
    });
    expect(grantee !== undefined && isOpen(grantee)).toBe(true);
    const [stopped] = find([teams, { ...deny, except: undefined }], 'web/release/a').grantees;
    expect(stopped !== undefined && isOpen(stopped)).toBe(false);
  });

  it.each<[string, RuleText, readonly RuleText[], boolean]>([
    ['a group that the denial excepts', { users: ['alice'] }, [{ except: { groups: ['pipelines'] } }], true],
    ['nobody by another name', { users: ['alice'] }, [{ except: { users: ['bot'] } }], false],
    ['a name that fits', { users: ['b*'] }, [{ except: { users: ['bot'] } }], true],
    ['nobody of two names', { users: ['*'] }, [{ except: { users: ['a'] } }, { except: { users: ['b'] } }], false],
    ['two groups at once', { users: ['*'] }, [{ except: { groups: ['a'] } }, { except: { groups: ['b'] } }], true],
    ['a user where anonymous is stopped', { everyone: true }, [{ except: { users: ['bot'] } }], true],
  ])('a denial with exceptions is open to %s', (_what, who, denials, expected) => {
    const rules = denials.map((denial): RuleText => ({
      ...denial,
      everyone: true,
      repositories: ['a'],
      deny: ['push'],
    }));

    const { grantees } = find([{ ...who, repositories: ['a'], allow: ['push'] }, ...rules], 'a');

    expect(grantees.map(isOpen)).toEqual([expected]);
  });

  it('depends on the time if a denial holds only then', () => {
    const deny: RuleText = { users: ['*'], repositories: ['**'], deny: ['push'], period: { from: 100, to: 200 } };
    const policy = policyOf([{ users: ['*'], repositories: ['a'], allow: ['push'] }, deny], {}, undefined, allKinds);

    const { grantees } = whoCan(policy, 'push', 'a', { service: 'one', client: '', users: [] });

    expect(grantees).toMatchObject([
      { verdict: 'perhaps', conditions: [], denials: [{ conditions: ['asked in the period 100 to 200'] }] },
    ]);
  });

  it('is nobody if a denial holds whenever the rule does', () => {
    const allow: RuleText = { users: ['*'], repositories: ['a'], allow: ['push'], period: { from: 150, to: 200 } };
    const deny: RuleText = { users: ['*'], repositories: ['**'], deny: ['push'], period: { from: 100, to: 200 } };
    const policy = policyOf([allow, deny], {}, undefined, allKinds);

    const { grantees, anonymous } = whoCan(policy, 'push', 'a', { service: 'one', client: '', users: [] });

    expect(grantees.map(isOpen)).toEqual([false]);
    expect(anonymous).toBe(false);
  });

  it('of real users, those whom the decision says', () => {
    const users: readonly Asker[] = [
      { user: 'alice', groups: ['team-web'] },
      { user: 'bob', groups: ['team-api'] },
    ];

    expect(find([teams], 'web/a', users)).toMatchObject({ users: ['alice'], anonymous: false });
  });
});

/** With fewer runs, too few decisions grant. */
const RUNS = Math.max(500, Number(process.env['PROPERTY_RUNS'] ?? 3000));

const rule: fc.Arbitrary<RuleText> = fc
  .tuple(
    fc.oneof(
      fc.constantFrom<RuleText>(
        { users: ['*'], repositories: ['web/**', '{user}/**'] },
        { users: ['a*', 'bob'], repositories: ['**'] },
        { groups: ['team-{team}'], repositories: ['{team}/**', 'all/{team}-*'] },
        { groups: ['admins', 'team-*'], repositories: ['*/a'] },
        { groups: ['*'], repositories: ['{group}/*'] },
        { everyone: true, repositories: ['web/*'] },
      ),
    ),
    fc.boolean(),
    fc.constantFrom(['pull'], ['push'], ['pull', 'push'], ['*']),
    fc.option(fc.constantFrom({ users: ['bob'] }, { groups: ['admins'] }), { nil: undefined, freq: 3 }),
  )
  .map(([text, isDeny, actions, except]) => ({
    ...text,
    ...(isDeny ? { deny: actions } : { allow: actions }),
    ...(except === undefined ? {} : { except }),
  }));
const asker: fc.Arbitrary<Asker> = fc.record({
  user: fc.constantFrom('alice', 'bob', 'web', 'carol'),
  groups: fc.array(fc.constantFrom('team-web', 'team-api', 'admins', 'ops'), { maxLength: 3 }),
  caseless: fc.boolean(),
});
const place = fc.constantFrom('web/a', 'web/a/b', 'api/x', 'ops/a', 'all/web-1', 'bob/a', 'x');

it('who-can names a grantee whenever a decision about a caller grants', () => {
  let granted = 0;
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), asker, place, (rules, by, repository) => {
      const policy = policyOf(rules);
      const may = ask(policy, { ...by, service: 'one', client: '10.1.2.3' }, `repository:${repository}:push`).granted;
      if (may.length === 0) return;
      granted += 1;
      expect(find(rules, repository, [by])).toMatchObject({ users: [by.user] });
      expect(find(rules, repository).grantees.some(isOpen)).toBe(true);
    }),
    { numRuns: RUNS },
  );
  expect(granted).toBeGreaterThan(RUNS / 100);
});

/** Everybody whom the rules above distinguish, and somebody they do not name. */
const NAMES = ['alice', 'a-', 'bob', 'web', 'api', 'ops', 'all', 'carol', 'x', '-'];
const PLACES = ['web', 'api', 'ops', 'bob', 'all', 'x'];
const GROUPS = [...PLACES, ...PLACES.map((name) => `team-${name}`), 'team--', 'admins', '-'];
const GROUP_SETS = [[], ...GROUPS.map((one) => [one]), ...GROUPS.map((one) => [one, 'admins'])];
const EVERYBODY: readonly Asker[] = [
  {},
  ...NAMES.flatMap((user) => GROUP_SETS.map((groups) => ({ user, groups, caseless: true }))),
  // A source that compares names with case may have users that differ from a name of the policy in case alone.
  ...NAMES.flatMap((user) =>
    GROUP_SETS.map((groups) => ({ user: user.toUpperCase(), groups: groups.map(inUpperCase), caseless: false })),
  ),
  ...NAMES.flatMap((user) => GROUP_SETS.map((groups) => ({ user: user.toUpperCase(), groups, caseless: false }))),
];

/** The captured part of the name in upper case. */
function inUpperCase(group: string): string {
  return group.startsWith('team-') ? `team-${group.slice(5).toUpperCase()}` : group.toUpperCase();
}

it.each(['union', 'first-match'] as const)(
  'who-can names a grantee only if a decision about a caller grants: %s',
  (evaluation) => {
    let nobody = 0;
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), place, (rules, repository) => {
        const policy = policyOf(rules, {}, evaluation);
        const { grantees } = whoCan(policy, 'push', repository, { service: 'one', client: '', users: [] });
        const open = grantees.filter(isOpen);
        if (open.length === 0) nobody += 1;
        // A name that is required in addition is a condition.
        if (open.some(({ conditions }) => conditions.length > 0)) return;
        const can = EVERYBODY.some(
          (by) => ask(policy, { ...by, service: 'one' }, `repository:${repository}:push`).granted.length > 0,
        );
        expect(open.length > 0).toBe(can);
      }),
      { numRuns: Math.min(RUNS, 1000) },
    );
    expect(nobody).toBeGreaterThan(Math.min(RUNS, 1000) / 100);
  },
);
