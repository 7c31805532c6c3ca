/** What lint finds about robots. */
import { describe, expect, it } from 'vitest';
import { robotsOf } from '../../../../../src/config/robots-schema.ts';
import { lintPolicy } from '../../../../../src/core/policy/lint/lint.ts';
import { lintRobot } from '../../../../../src/core/policy/lint/robots.ts';
import type { Sources } from '../../../../../src/core/policy/lint/sources.ts';
import { policyOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

const only = (...names: readonly string[]): Sources['users'] => ({
  canBe: ({ exact }) => names.some((name) => exact.match(name) !== undefined),
  like: (name) => names.find((known) => known.startsWith(name.slice(0, 9))),
});
const SOURCES: Sources = {
  groups: only('team-web'),
  users: only('alice'),
  robots: only('robot:web-ci'),
  canFill: () => true,
  sameInLowerCase: { users: [], groups: [] },
  exactBackends: [],
};
const rule = (who: RuleText): RuleText => ({ repositories: ['web/**'], allow: ['pull'], ...who });

function found(rules: readonly RuleText[]): readonly string[] {
  return lintPolicy(policyOf(rules), SOURCES).findings.map(
    ({ severity, code, message }) => `${severity} ${code}: ${message}`,
  );
}

describe('a rule for a robot', () => {
  it('is correct when the robot is configured', () => {
    expect(found([rule({ users: ['robot:web-ci'] })])).toEqual([]);
    expect(found([rule({ users: ['robot:web-*'] })])).toEqual([]);
  });

  it('is a warning when it is not, with the robot that was meant', () => {
    expect(found([rule({ users: ['robot:web-cl'] })])).toEqual([
      'warning no-such-robot: names the robot "robot:web-cl", which is not configured; did you mean "robot:web-ci"?',
    ]);
  });

  it('is a warning when a misspelt exception excludes nobody', () => {
    expect(found([rule({ everyone: true, except: { users: ['robot:api'] } })])).toEqual([
      'warning no-such-robot: names the robot "robot:api", which is not configured',
    ]);
  });

  it('is not judged when the configuration is not known', () => {
    expect(lintPolicy(policyOf([rule({ users: ['robot:web-cl'] })]), undefined).findings).toEqual([]);
  });

  it('adds nothing next to a rule for all robots, and something next to one for any user', () => {
    const one = rule({ users: ['robot:web-ci'] });

    expect(found([rule({ users: ['robot:*'] }), one]).join()).toContain('adds-nothing');
    expect(found([rule({ users: ['*'] }), one])).toEqual([]);
  });

  it('is denied by a rule for robots, and not by one for any user', () => {
    const one = rule({ users: ['robot:web-ci'] });

    expect(found([denial({ users: ['robot:*'] }), one]).join()).toContain('eaten-by-deny');
    expect(found([denial(), one]).join()).not.toContain('eaten-by-deny');
  });
});

function denial(more: RuleText = {}): RuleText {
  return { name: 'nobody', users: ['*'], repositories: ['web/**'], deny: ['push', 'pull'], ...more };
}

describe('a denial for any user', () => {
  const robot = rule({ name: 'builds', users: ['robot:web-ci'], repositories: ['web/shop'] });
  const HINT =
    'hint robots-not-denied: denies any user, but no robot, and rule "builds" (line 2) is for robot web-ci in the same repositories';

  it('is a hint where a rule is for a robot in the same repositories', () => {
    expect(found([denial(), robot])).toContain(HINT);
    expect(found([denial({ except: { users: ['alice'] } }), robot])).toContain(HINT);
  });

  it.each<[string, RuleText]>([
    ['it names robots, too', { users: ['*', 'robot:*'] }],
    ['it is for everyone', { everyone: true }],
    ['it is for other repositories', { repositories: ['api/**'] }],
    ['it denies other actions', { deny: ['delete'] }],
    ['it depends on the address of the client', { clients: ['10.0.0.0/8'] }],
  ])('is no hint when %s', (_what, more) => {
    expect(found([denial(more), robot]).join()).not.toContain('robots-not-denied');
  });
});

describe('a configured robot', () => {
  const about = (owner: object, rules: readonly RuleText[]): readonly string[] =>
    [...robotsOf({ 'web-ci': { owner } }).values()].flatMap((robot) =>
      lintRobot(robot, policyOf(rules), SOURCES).map(
        ({ severity, code, message }) => `${severity} ${code}: ${message}`,
      ),
    );
  const NAMED = rule({ users: ['robot:web-ci'] });

  it('is correct when a rule allows it something, and a rule is for its owner', () => {
    expect(about({ groups: ['team-web'] }, [NAMED, rule({ groups: ['team-*'] })])).toEqual([]);
    expect(about({ users: ['alice'] }, [NAMED])).toEqual([]);
  });

  it('is a hint when no rule allows it anything by name', () => {
    const denied: RuleText = { users: ['robot:web-ci'], repositories: ['**'], deny: ['push'] };

    expect(about({ users: ['alice'] }, [denied, rule({ users: ['*'] })])).toEqual([
      'hint unused-robot: the robot "web-ci" is allowed nothing by name, so that it gets what everyone gets',
    ]);
  });

  it('is a warning when its owner does not exist', () => {
    expect(about({ groups: ['team-wed'] }, [NAMED, rule({ groups: ['team-wed'] })])).toEqual([
      'warning no-such-group: the robot "web-ci" belongs to the group "team-wed", which no backend can deliver',
    ]);
    expect(about({ users: ['bob'] }, [NAMED])).toEqual([
      'warning no-such-user: the robot "web-ci" belongs to the user "bob", whom no backend knows',
    ]);
  });

  it('is a hint when no rule is for the group of its owner', () => {
    expect(about({ groups: ['team-web'] }, [NAMED])).toEqual([
      'hint unused-owner: the robot "web-ci" belongs to the group "team-web", which no rule names',
    ]);
  });
});
