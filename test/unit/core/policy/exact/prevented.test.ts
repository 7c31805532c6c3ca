/** The rules that must not match, so that one policy grants an action by a rule and another one does not. */
import { describe, expect, it } from 'vitest';
import type { Action } from '../../../../../src/core/access.ts';
import type { Evaluation } from '../../../../../src/core/policy/document.ts';
import { denies, grants, rulesAgainst, rulesFor } from '../../../../../src/core/policy/exact/prevented.ts';
import type { Rule } from '../../../../../src/core/policy/rule.ts';
import { policyOf } from '../../../../support/policy-builder.ts';

const ANY = { users: ['*'], repositories: ['x'], catalog: true };

function policyWith(evaluation: Evaluation) {
  return policyOf(
    [
      { ...ANY, name: 'reads', allow: ['pull'] },
      { ...ANY, name: 'keeps', deny: ['push'] },
      { ...ANY, name: 'writes', allow: ['push'] },
      { ...ANY, name: 'closes', deny: ['*'] },
      { ...ANY, name: 'elsewhere', repositories: ['y'], catalog: false, deny: ['*'] },
    ],
    {},
    evaluation,
  );
}

const names = (rules: readonly Rule[]): readonly string[] => rules.map(({ name }) => name);

function ruleNamed(evaluation: Evaluation, name: string) {
  const policy = policyWith(evaluation);
  const rule = policy.rules.find((one) => one.name === name);
  if (rule === undefined) throw new Error(`there is no rule ${name}`);
  return { policy, rule };
}

function against(evaluation: Evaluation, name: string, action: Action, segments: readonly string[] | undefined) {
  const { policy, rule } = ruleNamed(evaluation, name);
  return names(rulesAgainst(policy, rule, action, segments));
}

describe('the rules that take from an allow rule', () => {
  it('are the denials of the action in a union', () => {
    expect(against('union', 'reads', 'pull', ['x'])).toEqual(['closes']);
    expect(against('union', 'writes', 'push', ['x'])).toEqual(['keeps', 'closes']);
    expect(against('union', 'writes', '*', ['x'])).toEqual(['keeps', 'closes']);
  });

  it('are all denials of the catalog, whatever their actions', () => {
    expect(against('union', 'reads', 'pull', undefined)).toEqual(['keeps', 'closes']);
  });

  it('are all rules before it with first-match evaluation', () => {
    expect(against('first-match', 'writes', 'push', ['x'])).toEqual(['reads', 'keeps']);
    expect(against('first-match', 'reads', 'pull', ['x'])).toEqual([]);
    expect(against('first-match', 'writes', '*', undefined)).toEqual(['reads', 'keeps']);
  });
});

describe('the rules because of which a policy grants an action', () => {
  it('are the rules that allow it in a union, and those of the catalog whatever their actions', () => {
    const policy = policyWith('union');

    expect(names(rulesFor(policy, undefined, 'push', ['x']))).toEqual(['writes']);
    expect(names(rulesFor(policy, undefined, '*', undefined))).toEqual(['reads', 'writes']);
  });

  it('are none where a denial prevents it in a union', () => {
    const { policy, rule } = ruleNamed('union', 'closes');

    expect(rulesFor(policy, rule, 'push', ['x'])).toEqual([]);
  });

  it('are all rules with first-match evaluation, or those before the rule that prevents it', () => {
    const { policy, rule } = ruleNamed('first-match', 'closes');

    expect(names(rulesFor(policy, undefined, 'push', ['x']))).toEqual(['reads', 'keeps', 'writes', 'closes']);
    expect(names(rulesFor(policy, rule, 'push', ['x']))).toEqual(['reads', 'keeps', 'writes']);
  });
});

it.each<[readonly Action[], Action, boolean, boolean]>([
  [['pull'], 'pull', true, true],
  [['pull'], 'push', false, false],
  [['*'], 'push', true, true],
  [['pull'], '*', false, true],
])('actions %j and %s: granted %s, denied %s', (actions, action, isGranted, isDenied) => {
  const [rule] = policyOf([{ ...ANY, deny: actions }]).rules;

  expect(grants({ actions }, action)).toBe(isGranted);
  expect(rule !== undefined && denies(rule, action)).toBe(isDenied);
});
