import { describe, expect, it } from 'vitest';
import { lintPolicy } from '../../../../../src/core/policy/lint/lint.ts';
import type { Sources } from '../../../../../src/core/policy/lint/sources.ts';
import { conditionWhere, policyOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

/** The findings as `1 adds-nothing`, by the number of the rule. */
function found(rules: readonly RuleText[], evaluation?: 'first-match'): readonly string[] {
  return lintPolicy(policyOf(rules, {}, evaluation), undefined).findings.map(
    ({ code, rule }) => `${rule.index + 1} ${code}`,
  );
}

const web: RuleText = { groups: ['team-web'], repositories: ['web/**'], allow: ['pull', 'push'] };
const teams: RuleText = { groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull', 'push'] };

describe('lint finds', () => {
  it.each<[string, readonly RuleText[], readonly string[]]>([
    ['push without pull', [{ ...web, allow: ['push'] }], ['1 push-without-pull']],
    [
      'a name used twice',
      [
        { ...web, name: 'x' },
        { ...teams, name: 'x' },
      ],
      ['1 adds-nothing', '2 same-name'],
    ],
    ['an exception for everyone', [{ ...web, except: { everyone: true } }], ['1 never-applies']],
    [
      'a rule that another has in it',
      [web, { ...web, repositories: ['web/shop'], allow: ['pull'] }],
      ['2 adds-nothing'],
    ],
    ['a narrow rule before the wide one', [{ ...web, repositories: ['web/shop'] }, web], ['1 adds-nothing']],
    ['the later of two that are equal', [web, { ...web, name: 'again' }], ['2 adds-nothing']],
    [
      'a denial that another has in it',
      [
        { users: ['*'], repositories: ['**'], allow: ['pull'] },
        { users: ['*'], repositories: ['secret/**'], deny: ['*'] },
        { users: ['bob'], repositories: ['secret/a'], deny: ['pull'] },
      ],
      ['3 adds-nothing'],
    ],
    [
      'a rule that a denial eats',
      [{ users: ['*'], repositories: ['web/**'], deny: ['push', 'pull'] }, web],
      ['2 eaten-by-deny'],
    ],
    [
      'a denial of what nobody may',
      [web, { users: ['*'], repositories: ['api/**'], deny: ['push'] }],
      ['2 deny-without-bite'],
    ],
    [
      'a denial of another action',
      [web, { users: ['*'], repositories: ['web/**'], deny: ['delete'] }],
      ['2 deny-without-bite'],
    ],
    [
      'a denial of those who are excepted',
      [
        { users: ['bob'], repositories: ['web/**'], allow: ['pull'] },
        { users: ['*'], except: { users: ['b*'] }, repositories: ['web/**'], deny: ['pull'] },
      ],
      ['2 deny-without-bite'],
    ],
    ['a pattern that begins with a dash', [{ ...web, repositories: ['-web/a'] }], ['1 matches-no-repository']],
    ['a pattern with two dots', [{ ...web, repositories: ['web/a..b*'] }], ['1 matches-no-repository']],
    ['a port in the wrong place', [{ ...web, repositories: ['web/host:5000'] }], ['1 matches-no-repository']],
    [
      'writing for everyone',
      [{ everyone: true, repositories: ['public/**'], allow: ['pull', 'push'] }],
      ['1 wide-write'],
    ],
    ['writing everywhere', [{ users: ['*'], repositories: ['**'], allow: ['*'] }], ['1 wide-write']],
    [
      'writing everywhere, said otherwise',
      [{ users: ['*'], repositories: ['*/**'], allow: ['delete'] }],
      ['1 wide-write'],
    ],
    ['everything open to read', [{ everyone: true, repositories: ['**'], allow: ['pull'] }], ['1 wide-read']],
    ['the catalog open', [{ everyone: true, catalog: true, allow: ['pull'] }], ['1 open-catalog']],
  ])('%s', (_what, rules, expected) => {
    expect(found(rules)).toEqual(expected);
  });

  it('a rule that is never reached where the first match decides', () => {
    const first: RuleText = { users: ['*'], repositories: ['web/**'], deny: ['*'] };

    expect(found([first, web], 'first-match')).toEqual(['2 unreachable']);
    expect(found([web, first], 'first-match')).toEqual([]);
  });
});

describe('lint finds a rule that adds nothing', () => {
  it.each<[string, readonly RuleText[], readonly string[]]>([
    [
      'because two other rules allow all of it together',
      [
        { groups: ['a'], repositories: ['x/**'], allow: ['pull'] },
        { groups: ['a'], repositories: ['x/**'], allow: ['push'] },
        { groups: ['a'], repositories: ['x/y'], allow: ['pull', 'push'] },
      ],
      ['3 adds-nothing'],
    ],
    [
      'because two denials deny all of it together',
      [
        { users: ['*'], repositories: ['x'], allow: ['pull'] },
        { groups: ['a'], repositories: ['x'], deny: ['pull'] },
        { users: ['*'], except: { groups: ['a'] }, repositories: ['x'], deny: ['pull'] },
      ],
      ['1 adds-nothing'],
    ],
    [
      'but not the other one of two rules of which one is enough',
      [
        { groups: ['a'], repositories: ['x', 'y'], allow: ['pull'] },
        { groups: ['a'], repositories: ['y', 'z'], allow: ['pull'] },
        { groups: ['a'], repositories: ['z', 'x'], allow: ['pull'] },
      ],
      ['3 adds-nothing'],
    ],
  ])('%s', (_what, rules, expected) => {
    expect(found(rules).filter((one) => one.endsWith('adds-nothing'))).toEqual(expected);
  });
});

describe('lint says nothing of', () => {
  it.each<[string, readonly RuleText[]]>([
    ['rules that share repositories', [web, { groups: ['auditors'], repositories: ['web/**'], allow: ['pull'] }]],
    ['a rule next to one that captures', [teams, { ...web, allow: ['pull', 'push', 'delete'] }]],
    [
      'a denial with exceptions',
      [teams, { users: ['*'], except: { users: ['ci'] }, repositories: ['*/release/**'], deny: ['push'] }],
    ],
    ['a denial of some of what is allowed', [web, { users: ['*'], repositories: ['web/release/**'], deny: ['push'] }]],
    [
      'rules for other services',
      [
        { ...web, services: ['one'] },
        { ...web, name: 'two', services: ['two'] },
      ],
    ],
    [
      'a rule for some clients next to one for all',
      [
        { ...web, clients: ['10.0.0.0/8'] },
        { ...web, allow: ['pull'] },
      ],
    ],
    [
      'names that are only unusual',
      [{ ...web, repositories: ['host:5000/a__b/c-*', '*.x', 'a--b', '{user}-*'], users: ['*'], groups: [] }],
    ],
    ['everyone reading some places', [{ everyone: true, repositories: ['public/**'], allow: ['pull'] }]],
    [
      'writing everywhere from some places',
      [{ users: ['*'], clients: ['10.0.0.0/8'], repositories: ['**'], allow: ['*'] }],
    ],
  ])('%s', (_what, rules) => {
    expect(found(rules)).toEqual([]);
  });
});

describe('lint knows where users come from, and finds', () => {
  const only = (...names: readonly string[]): Sources['groups'] => ({
    canBe: ({ exact }) => names.some((name) => exact.match(name) !== undefined),
    like: (name) => names.find((known) => known.toLowerCase() === name.toLowerCase()),
  });
  const sources: Sources = {
    groups: only('team-web', 'admins'),
    users: only('alice'),
    robots: only('robot:web-ci'),
    canFill: (name) => name === 'attr:department',
    sameInLowerCase: { users: [], groups: [] },
    exactBackends: [],
  };
  const texts = (rule: RuleText): readonly string[] =>
    lintPolicy(policyOf([rule]), sources).findings.map(({ code, message }) => `${code}: ${message}`);

  it.each<[string, RuleText, string]>([
    [
      'a group of another case',
      { groups: ['Admins'], repositories: ['a'], allow: ['pull'] },
      'no-such-group: names the group "Admins", which no backend can deliver; did you mean "admins"?',
    ],
    [
      'a user nobody knows',
      { users: ['bob'], repositories: ['a'], allow: ['pull'] },
      'no-such-user: names the user "bob", whom no backend knows',
    ],
    [
      'an exception that nobody is',
      { users: ['alice'], except: { groups: ['admns'] }, repositories: ['a'], allow: ['pull'] },
      'no-such-group: names the group "admns", which no backend can deliver',
    ],
    [
      'a value nobody gives',
      { groups: ['admins'], repositories: ['{claim:tenant}/a'], allow: ['pull'] },
      'no-such-value: uses {claim:tenant}, which no backend gives',
    ],
  ])('%s', (_what, rule, text) => {
    expect(texts(rule)).toEqual([text]);
  });

  it('a denial that groups in other letters escape, where a backend has exact names', () => {
    const policy = policyOf([
      { name: 'own', groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull'] },
      { groups: ['team-web'], repositories: ['web/secret'], deny: ['pull'] },
    ]);
    const messages = (...exactBackends: readonly string[]): readonly string[] =>
      lintPolicy(policy, { ...sources, exactBackends }).findings.map(({ code, message }) => `${code}: ${message}`);

    expect(messages('sso')).toEqual([
      'other-case: names the group "team-web", but not groups that differ from it in case, to which rule "own" (line 1) gives the same repositories',
    ]);
    expect(messages()).toEqual([]);
  });

  it('nothing in what can be', () => {
    expect(texts({ groups: ['team-{team}'], repositories: ['{team}/{attr:department}'], allow: ['pull'] })).toEqual([]);
    expect(texts({ users: ['alice', 'a*'], repositories: ['a'], allow: ['pull'] })).toEqual([]);
    expect(texts({ users: ['alice'], except: { groups: ['admins'] }, repositories: ['a'], allow: ['pull'] })).toEqual(
      [],
    );
  });
});

it('compares ten thousand rules, of which the last repeats the first', () => {
  const rules = Array.from({ length: 10_000 }, (_, n) => ({ ...web, name: `${n}`, repositories: [`team-${n}/**`] }));

  const { findings, gaps } = lintPolicy(policyOf([...rules, { ...web, repositories: ['team-0/a'] }]), undefined);

  expect(gaps).toEqual([]);
  expect(findings.map(({ code, rule }) => [code, rule.index])).toEqual([['adds-nothing', 10_000]]);
});

it.each([
  ['a namespace each', (n: number) => `team-${n}`],
  ['one namespace for all', (n: number) => `company/team-${n}`],
])('compares ten thousand rules with denials among them: %s', (_what, place) => {
  const rules = Array.from({ length: 10_000 }, (_, n): RuleText => {
    const name = `${n}`;
    if (n % 10 > 0) return { groups: [`g-${n}`], name, repositories: [`${place(n)}/**`], allow: ['pull', 'push'] };
    return { users: ['*'], name, repositories: [`${place(n + 1)}/release/**`], deny: ['push'] };
  });
  const idle: RuleText = { users: ['*'], name: 'idle', repositories: [`${place(0)}/release/**`], deny: ['push'] };

  const { findings, gaps } = lintPolicy(policyOf([...rules, idle]), undefined);

  expect(gaps).toEqual([]);
  expect(findings.map(({ code, rule }) => [code, rule.name])).toEqual([['deny-without-bite', 'idle']]);
});

it('is reported as not examined to the end if there are too many rules to compare', () => {
  const rules = Array.from({ length: 30 }, (_, n) => ({ groups: [`g-${n}`], repositories: ['**'], allow: ['pull'] }));
  const gaps = (maxPairs: number) => lintPolicy(policyOf(rules), undefined, { maxPairs }).gaps;

  expect(gaps(100)).toEqual([{ rule: undefined, message: expect.stringContaining('not all rules were compared') }]);
  expect(gaps(1000)).toEqual([]);
});

it('finds each rule that two others make superfluous together, in a policy of 200 rules', () => {
  const rules = Array.from({ length: 200 }, (_, index): RuleText => {
    const [group, part] = [`g${Math.floor(index / 4)}`, index % 4];
    const places = [['{t}/x', '{t}/y'], ['{t}/y', '{t}/z'], ['{t}/z', '{t}/x'], [`${group}/**`]][part] ?? [];
    return {
      name: `${group} ${part}`,
      groups: [part === 3 ? 'all' : `${group}-{t}`],
      repositories: places,
      allow: ['pull'],
    };
  });

  const { findings, gaps } = lintPolicy(policyOf(rules), undefined);

  expect(findings.map(({ code, rule }) => `${code}: ${rule.name}`)).toEqual(
    Array.from({ length: 50 }, (_, group) => `adds-nothing: g${group} 2`),
  );
  expect(gaps).toEqual([]);
});

describe('lint names the rule of which it is not proved', () => {
  const parts: readonly RuleText[] = [
    { groups: ['a'], repositories: ['x/**'], allow: ['pull'] },
    { groups: ['a'], repositories: ['x/**'], allow: ['push'] },
    { groups: ['a'], repositories: ['x/y'], allow: ['pull', 'push'] },
  ];
  const gaps = (rules: readonly RuleText[], bounds?: { readonly maxUnits: number }) =>
    lintPolicy(policyOf(rules), undefined, bounds).gaps.map(({ rule, message }) => [rule?.name, message]);

  it('that it adds nothing, because of a pattern that cannot be compared', () => {
    const some: RuleText = { name: 'some', groups: ['team-{t}'], repositories: ['*{t}*'], allow: ['pull'] };

    expect(gaps(parts)).toEqual([]);
    expect(gaps([some, ...parts])).toEqual([
      [
        'rule 4',
        'may add nothing, which is not proved: "some" (policy.yaml:1) has a value with a wildcard before and after it, in "*{t}*"',
      ],
    ]);
  });

  it('but no rule that is needed for a registry with any port', () => {
    expect(gaps([{ groups: ['b'], repositories: ['host:*/x'], allow: ['pull'] }])).toEqual([]);
  });

  it('that it adds nothing, because of a condition that only a request can show', () => {
    const some: RuleText = {
      groups: ['a'],
      repositories: ['x/**'],
      deny: ['pull'],
      match: conditionWhere(() => false),
    };

    expect(gaps([some, ...parts])).toEqual([
      ['rule 1', expect.stringContaining('conditions that only a request can show')],
      ['rule 4', expect.stringContaining('conditions that only a request can show')],
    ]);
  });

  it('that it adds nothing, because the comparison is too much work', () => {
    const reason = 'too many combinations of rules to try all of them';

    expect(gaps(parts, { maxUnits: 300 })).toEqual(
      ['rule 1', 'rule 2', 'rule 3'].map((name) => [name, expect.stringContaining(reason)]),
    );
  });
});
