/** The largest set of groups with which no rule matches. */
import { describe, expect, it } from 'vitest';
import { createEffort } from '../../../../../src/core/policy/exact/effort.ts';
import { largestMembership } from '../../../../../src/core/policy/exact/groups.ts';
import { conditionWhere, policyOf, situationOf } from '../../../../support/policy-builder.ts';
import type { Asker, RuleText } from '../../../../support/policy-builder.ts';

function largest(asker: Asker, optional: readonly string[], rules: readonly RuleText[], place = 'x') {
  const { caller, blocking } = largestMembership({
    situation: situationOf(asker),
    optional,
    prevented: policyOf(
      rules.map((rule, index) => ({ repositories: ['x'], deny: ['pull'], name: `${index}`, ...rule })),
    ).rules,
    segments: place === 'catalog' ? undefined : place.split('/'),
    effort: createEffort(),
  });
  const groups = caller === undefined ? undefined : caller.kind === 'user' ? [...caller.identity.groups] : 'anonymous';
  return { groups, blocking: blocking.map(({ name }) => name) };
}

describe('the largest membership', () => {
  it('has every group if no rule matches', () => {
    expect(largest({ user: 'u', groups: ['a'] }, ['b'], [{ groups: ['c'] }])).toEqual({
      groups: ['a', 'b'],
      blocking: [],
    });
  });

  it('has no group that makes a rule match, unless another group of it is an exception', () => {
    const rule: RuleText = { groups: ['b'], except: { groups: ['c'] } };

    expect(largest({ user: 'u' }, ['b', 'd'], [rule])).toEqual({ groups: ['d'], blocking: ['0'] });
    expect(largest({ user: 'u' }, ['b', 'c'], [rule])).toEqual({ groups: ['b', 'c'], blocking: [] });
  });

  it('loses the exceptions that a later rule removes, and then what they excepted', () => {
    const rules: readonly RuleText[] = [{ groups: ['b'], except: { groups: ['c'] } }, { groups: ['c'] }];

    expect(largest({ user: 'u' }, ['b', 'c'], rules)).toEqual({ groups: [], blocking: ['1', '0'] });
  });

  it('is none if a required group makes a rule match, which is reported', () => {
    expect(largest({ user: 'u', groups: ['a'] }, ['b'], [{ groups: ['a'] }])).toEqual({
      groups: undefined,
      blocking: ['0'],
    });
    expect(largest({ user: 'u', groups: ['a'] }, ['b'], [{ groups: ['*'] }])).toEqual({
      groups: undefined,
      blocking: ['0'],
    });
  });

  it('is none if a rule matches without any group, which is reported after those that matched before', () => {
    const rules: readonly RuleText[] = [{ groups: ['b'] }, { users: ['u'], groups: ['z'] }];

    expect(largest({ user: 'u' }, ['b'], rules)).toEqual({ groups: undefined, blocking: ['0', '1'] });
    expect(largest({ user: 'v' }, ['b'], rules)).toEqual({ groups: [], blocking: ['0'] });
  });

  it('is anonymous for a request without a login, if no rule is for everyone', () => {
    expect(largest({}, [], [{ users: ['*'] }])).toEqual({ groups: 'anonymous', blocking: [] });
    expect(largest({}, [], [{ everyone: true }])).toEqual({ groups: undefined, blocking: ['0'] });
  });

  it('depends on the rules for the catalog where the catalog is asked for', () => {
    const rule: RuleText = { groups: ['a'], catalog: true };

    expect(largest({ user: 'u' }, ['a'], [rule], 'catalog').groups).toEqual([]);
    expect(largest({ user: 'u' }, ['a'], [{ ...rule, catalog: false }], 'catalog').groups).toEqual(['a']);
    expect(largest({ user: 'u' }, ['a'], [{ users: ['v'], catalog: true }], 'catalog').groups).toEqual(['a']);
  });

  it('depends on every repository and every name of a rule', () => {
    expect(largest({ user: 'u' }, ['a'], [{ groups: ['a'], repositories: ['y', 'x'] }]).groups).toEqual([]);
    expect(largest({ user: 'x-a' }, [], [{ users: ['x-{n}', '{n}-a'], repositories: ['{n}'] }]).groups).toBe(undefined);
  });

  it.each(['a/x', 'catalog'])('depends on conditions for the name of the repository: %s', (place) => {
    const where = (expected: string): RuleText => ({
      groups: ['a'],
      repositories: ['**'],
      catalog: true,
      match: conditionWhere((_, name) => name === expected),
    });

    expect(largest({ user: 'u' }, ['a'], [where(place)], place).groups).toEqual([]);
    expect(largest({ user: 'u' }, ['a'], [where('other')], place).groups).toEqual(['a']);
  });

  it('depends on the repositories of the rules', () => {
    expect(largest({ user: 'u', groups: ['a'] }, [], [{ groups: ['a'], repositories: ['y'] }]).groups).toEqual(['a']);
    expect(largest({ user: 'u', groups: ['x'] }, [], [{ groups: ['{g}'], repositories: ['{g}'] }]).groups).toBe(
      undefined,
    );
  });
});

describe('the bound on the work', () => {
  it('ends a search when all of it is spent, with a reason', () => {
    const effort = createEffort(10);

    effort.spend(9);
    expect([effort.isSpent(), effort.reasons()]).toEqual([false, []]);
    effort.spend(1);
    expect([effort.isSpent(), effort.reasons().length]).toEqual([true, 1]);
  });

  it('has each reason once', () => {
    const effort = createEffort(10);

    effort.giveUp('a');
    effort.giveUp('a');
    effort.giveUp('b');

    expect(effort.reasons()).toEqual(['a', 'b']);
    expect(effort.isSpent()).toBe(false);
  });
});
