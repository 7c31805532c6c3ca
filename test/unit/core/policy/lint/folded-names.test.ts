/** Names that differ only in case share the repositories of a placeholder, and lint says so. */
import { describe, expect, it } from 'vitest';
import { foldedNameFindings, namesEqualInLowerCase } from '../../../../../src/core/policy/lint/folded-names.ts';
import type { Sources } from '../../../../../src/core/policy/lint/sources.ts';
import { policyOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

const NONE: Sources = {
  groups: { canBe: () => true, like: () => undefined },
  users: { canBe: () => true, like: () => undefined },
  robots: { canBe: () => true, like: () => undefined },
  canFill: () => true,
  sameInLowerCase: { users: [], groups: [] },
  exactBackends: [],
};
const SAME_IN_LOWER_CASE = { users: [['alice', 'Alice', 'ALICE']], groups: [['team-Web', 'team-web']] };

function found(rule: RuleText, sources: Partial<Sources>): readonly string[] {
  return foldedNameFindings(policyOf([rule]), { ...NONE, ...sources }).map(
    ({ severity, message }) => `${severity}: ${message}`,
  );
}

const OWN: RuleText = { users: ['*'], repositories: ['users/{user}/**'], allow: ['push'] };

describe('users whose names differ only in case', () => {
  it.each<[string, RuleText]>([
    ['{user}', OWN],
    ['{user} for members of groups', { ...OWN, users: [], groups: ['devs'] }],
    ['a captured part of the name', { ...OWN, users: ['{who}'], repositories: ['users/{who}'] }],
  ])('are reported for a rule with %s', (_what, rule) => {
    expect(found(rule, { sameInLowerCase: SAME_IN_LOWER_CASE })).toEqual([
      expect.stringContaining('warning: gives the users "alice", "Alice", "ALICE" the same repositories'),
    ]);
  });

  it('are reported by the name as well when the rule is for some of them', () => {
    expect(found({ ...OWN, users: ['A*'] }, { sameInLowerCase: SAME_IN_LOWER_CASE })).toEqual([
      expect.stringContaining('the users "Alice", "ALICE" the same'),
    ]);
  });

  it.each<[string, RuleText]>([
    ['without a placeholder', { ...OWN, repositories: ['users/alice/**'] }],
    ['for one of them', { ...OWN, users: ['alice'] }],
    ['that denies', { users: ['*'], repositories: ['users/{user}/**'], deny: ['push'] }],
  ])('are not reported for a rule %s', (_what, rule) => {
    expect(found(rule, { sameInLowerCase: SAME_IN_LOWER_CASE })).toEqual([]);
  });
});

describe('groups whose names differ only in case', () => {
  it.each([['{group}/**'], ['{team}/**']])('are reported for a rule with %s', (pattern) => {
    const rule: RuleText = { groups: ['team-{team}'], repositories: [pattern], allow: ['push'] };

    expect(found(rule, { sameInLowerCase: SAME_IN_LOWER_CASE })).toEqual([
      expect.stringContaining('the groups "team-Web", "team-web" the'),
    ]);
  });
});

describe('a backend that compares names with case', () => {
  it.each<[string, RuleText]>([
    ['{user}', OWN],
    ['a captured part of the name', { ...OWN, users: ['dev-{who}'], repositories: ['users/{who}'] }],
  ])('is reported for a rule with %s', (_what, rule) => {
    expect(found(rule, { exactBackends: ['sso'] })).toEqual([
      expect.stringMatching(/^hint: .*sso may have such users/),
    ]);
  });

  it('is not reported for a rule without a name in the repository', () => {
    const rule: RuleText = { groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['push'] };

    expect(found(rule, { exactBackends: ['sso'] })).toEqual([]);
  });
});

describe('namesEqualInLowerCase', () => {
  it('finds names that differ only in case', () => {
    expect(namesEqualInLowerCase(['alice', 'bob', 'Alice', 'alice'])).toEqual([['alice', 'Alice']]);
  });

  it('does not take the Kelvin sign for a k', () => {
    expect(namesEqualInLowerCase(['\u212Aim', 'kim'])).toEqual([]);
  });
});
