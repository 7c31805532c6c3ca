/** Rules for robots: what matches one, and what a search finds about them. */
import { describe, expect, it } from 'vitest';
import { compareByClasses } from '../../../../src/core/policy/diff/classes.ts';
import { explain } from '../../../../src/core/policy/explain.ts';
import { nearMisses } from '../../../../src/core/policy/near-misses.ts';
import { runPolicyTests } from '../../../../src/core/policy/policy-test.ts';
import type { PolicyTest } from '../../../../src/core/policy/policy-test.ts';
import { whoCan } from '../../../../src/core/policy/who-can.ts';
import { ask, policyOf, situationOf } from '../../../support/policy-builder.ts';
import type { Asker, RuleText } from '../../../support/policy-builder.ts';

const ROBOT: Asker = { user: 'robot:web-ci' };
const PERSON: Asker = { user: 'web-ci', groups: ['team-web'] };
const PULL = 'repository:web/shop:pull';

function granted(rules: readonly RuleText[], asker: Asker, scope = PULL): readonly string[] {
  return ask(policyOf(rules), asker, scope).granted;
}

const allow = (who: RuleText): RuleText => ({ ...who, repositories: ['web/**'], allow: ['pull'] });
const deny = (who: RuleText): RuleText => ({ ...who, repositories: ['web/**'], deny: ['pull'] });

describe('a rule that allows', () => {
  it.each<[string, readonly string[]]>([
    ['the name of the robot', ['robot:web-ci']],
    ['every robot', ['robot:*']],
    ['a pattern with a capture', ['robot:{team}-ci']],
    ['one of several', ['alice', 'robot:web-ci']],
  ])('is for a robot when its users are %s', (_what, users) => {
    expect(granted([allow({ users })], ROBOT)).toEqual(['pull']);
  });

  it.each<[string, readonly string[]]>([
    ['any user', ['*']],
    ['a capture of the whole name', ['{name}']],
    ['a pattern that its name would fit', ['*web-ci', 'ro*', 'robot*', '*:web-ci']],
    ['its name without the prefix', ['web-ci']],
    ['another robot', ['robot:web', 'robot:api-*']],
  ])('is not for a robot when its users are %s', (_what, users) => {
    expect(granted([allow({ users })], ROBOT)).toEqual([]);
  });

  it('is for the robot alone: a user and a group of its name get nothing', () => {
    const rules = [allow({ users: ['robot:web-ci', 'robot:*'] })];

    expect(granted(rules, PERSON)).toEqual([]);
    expect(granted(rules, { user: 'alice', groups: ['robot:web-ci'] })).toEqual([]);
    expect(granted(rules, {})).toEqual([]);
  });

  it('is for a robot when it is for everyone', () => {
    expect(granted([allow({ everyone: true })], ROBOT)).toEqual(['pull']);
  });

  it('is not for a robot by a group or an attribute, whatever a caller claims to have', () => {
    const claims: Asker = { ...ROBOT, groups: ['team-web'], attributes: { 'attr:team': ['web'] } };
    const byValue: RuleText = { users: ['*'], repositories: ['{attr:team}/**'], allow: ['pull'] };

    expect(granted([allow({ groups: ['team-web', '*'] }), byValue], claims)).toEqual([]);
    expect(granted([allow({ groups: ['team-web'] })], PERSON)).toEqual(['pull']);
  });

  it('gives the capture of a robot as a value', () => {
    const rules: readonly RuleText[] = [{ users: ['robot:{team}-ci'], repositories: ['{team}/**'], allow: ['pull'] }];

    expect(granted(rules, ROBOT)).toEqual(['pull']);
    expect(granted(rules, { user: 'robot:api-ci' })).toEqual([]);
  });
});

describe('a rule that denies', () => {
  const own = allow({ users: ['robot:web-ci'] });

  it.each<[string, RuleText]>([
    ['everyone', { everyone: true }],
    ['every robot', { users: ['robot:*'] }],
    ['everyone except users', { everyone: true, except: { users: ['*'] } }],
    ['everyone except another robot', { everyone: true, except: { users: ['robot:api-ci'] } }],
  ])('denies a robot when it is for %s', (_what, who) => {
    expect(granted([own, deny(who)], ROBOT)).toEqual([]);
  });

  it.each<[string, RuleText]>([
    ['any user', { users: ['*'] }],
    ['a group', { groups: ['*'] }],
    ['everyone except robots', { everyone: true, except: { users: ['robot:*'] } }],
  ])('denies no robot when it is for %s', (_what, who) => {
    expect(granted([own, deny(who)], ROBOT)).toEqual(['pull']);
  });
});

it.each(['{user}', '{attr:team}', '{claim:tenant}'])(
  'a rule for a robot that uses %s is refused, because a robot has no such value',
  (placeholder) => {
    const rule: RuleText = { users: ['*', 'robot:web-ci'], repositories: [`${placeholder}/**`], allow: ['pull'] };

    expect(() => policyOf([rule])).toThrow(
      `the robot "robot:web-ci" has no ${placeholder}; move it to a rule of its own`,
    );
  },
);

it('a rule for a robot in another spelling is refused', () => {
  expect(() => policyOf([allow({ users: ['Robot:web-ci'] })])).toThrow('write robot:NAME');
  expect(() => policyOf([allow({ everyone: true, except: { users: ['ＲＯＢＯＴ:x'] } })])).toThrow('write robot:NAME');
});

it('a policy test may be about a robot', () => {
  const test: PolicyTest = {
    file: 'policy.yaml',
    line: 1,
    user: 'robot:web-ci',
    groups: [],
    service: undefined,
    client: undefined,
    time: undefined,
    scope: { type: 'repository', name: 'web/shop', actions: ['pull', 'push'] },
    expect: ['pull'],
  };

  const [result] = runPolicyTests(policyOf([allow({ users: ['robot:web-ci'] }), allow({ users: ['*'] })]), [test]);

  expect(result?.passed).toBe(true);
});

describe('explanations name a robot', () => {
  it('by which a rule allows', () => {
    expect(explain(ask(policyOf([allow({ users: ['robot:*'] })]), ROBOT, PULL))[1]).toContain('for robot web-ci');
  });

  it('for which a rule would allow it', () => {
    const policy = policyOf([allow({ users: ['robot:api-*'] })]);

    const [miss] = nearMisses(policy, situationOf(ROBOT), ask(policy, ROBOT, PULL));

    expect(miss?.phrase).toBe(' here to robots named api-*');
  });
});

describe('who can', () => {
  const found = (rules: readonly RuleText[]): readonly string[] =>
    whoCan(policyOf(rules), 'pull', 'web/shop', { service: '', client: '', users: [] }).grantees.map(
      ({ who, verdict }) => `${who}: ${verdict}`,
    );

  it('lists robots, also where any user is denied', () => {
    expect(found([allow({ users: ['robot:web-ci', 'robot:*', '*'] }), deny({ users: ['*'] })])).toEqual([
      'robot web-ci: yes',
      'any robot: yes',
      'any user: no',
    ]);
  });

  it('says no where robots are denied', () => {
    expect(found([allow({ users: ['robot:web-ci'] }), deny({ users: ['robot:*'] })])).toEqual(['robot web-ci: no']);
  });
});

describe('a change', () => {
  const changes = (before: readonly RuleText[], after: readonly RuleText[]): readonly string[] => {
    const { classes, complete } = compareByClasses(policyOf(before), policyOf(after));
    expect(complete).toBe(true);
    return classes.map(({ change, example: { situation } }) => {
      const { caller } = situation;
      return `${change} by ${caller.kind === 'user' ? caller.identity.username : 'anonymous'}`;
    });
  };

  it('from any user to robots is a loss of users and a gain of robots', () => {
    expect(changes([allow({ users: ['*'] })], [allow({ users: ['robot:*'] })]).map((one) => one.slice(0, 14))).toEqual([
      'lost by x',
      'gained by robo',
    ]);
  });

  it('of a denial for any user changes nothing for a policy that is for robots only', () => {
    const own = allow({ users: ['robot:web-ci'] });

    expect(changes([own], [own, deny({ users: ['*'] }), deny({ groups: ['*'] })])).toEqual([]);
    expect(changes([own], [own, deny({ users: ['robot:web-*'] })])).toEqual(['lost by robot:web-ci']);
  });
});
