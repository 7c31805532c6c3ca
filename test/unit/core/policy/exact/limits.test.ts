/** Shapes of patterns with which a comparison proves nothing. */
import { describe, expect, it } from 'vitest';
import { limitsOf } from '../../../../../src/core/policy/exact/limits.ts';
import { wordsFor } from '../../../../../src/core/policy/exact/words.ts';
import { policyOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

function limits(...texts: readonly RuleText[]): readonly string[] {
  const { rules } = policyOf(texts.map((text) => ({ repositories: ['x'], allow: ['pull'], ...text })));
  return limitsOf(rules, wordsFor(rules));
}

const place = (repository: string): RuleText => ({
  groups: ['team-{t}-{u}'],
  repositories: ['y/z', repository],
});

describe('a comparison is limited by', () => {
  it.each<[string, readonly RuleText[], string]>([
    [
      'a user name with more than four wildcards',
      [{ users: ['a*b*c{d}e*f*'] }],
      '"rule 1" (policy.yaml:1) has a name with many wildcards, "a*b*c{d}e*f*"',
    ],
    [
      'an exception with more than four wildcards',
      [{ users: ['*'], except: { groups: ['a*b*c*e*f*'] } }],
      '"rule 1" (policy.yaml:1) has a name with many wildcards, "a*b*c*e*f*"',
    ],
    [
      'a value between two stars',
      [{ users: ['*'] }, place('y/*{t}*')],
      '"rule 2" (policy.yaml:2) has a value with a wildcard before and after it, in "y/*{t}*"',
    ],
    [
      'a value with a star some texts before it, and some texts after it',
      [place('*a{t}b{u}c*')],
      '"rule 1" (policy.yaml:1) has a value with a wildcard before and after it, in "*a{t}b{u}c*"',
    ],
    [
      'a star for the port of a registry',
      [{ users: ['*'], repositories: ['host:*/x'] }],
      '"rule 1" (policy.yaml:1) has a port with a wildcard, in "host:*/x"',
    ],
    [
      'a value in the port of a registry',
      [{ users: ['ci-{n}'], repositories: ['*:8{n}/x'] }],
      '"rule 1" (policy.yaml:1) has a port with a wildcard, in "*:8{n}/x"',
    ],
    [
      'five texts that divide names',
      [{ users: ['{a}-{b}', '{a}_{b}', '{a}+{b}', '{a}={b}', '{a}@{b}'] }],
      'names have several wildcards with many different texts between them',
    ],
    [
      'patterns with nearly all letters and digits',
      [{ users: ['xyzqjkvwubfgdhmnlrcpteisoa012345678*'] }],
      'the patterns use nearly every letter, so that no text fits none of them',
    ],
    [
      'equal values from the beginning and from the end of names',
      [{ users: ['{team}ab'] }, { groups: ['ba{team}'] }],
      '"rule 1" (policy.yaml:1) takes a value from the beginning of a name and another rule from the end, around "ab"',
    ],
  ])('%s', (_what, rules, reason) => {
    expect(limits(...rules)).toEqual([reason]);
  });

  it('each reason once', () => {
    const rule: RuleText = { name: 'same', repositories: ['host:*/x', 'host:*/x'], users: ['*'] };

    expect(limits(rule)).toHaveLength(1);
  });
});

describe('a comparison is not limited by', () => {
  it.each<[string, readonly RuleText[]]>([
    ['names with four wildcards', [{ users: ['a*b*c{d}e*'], except: { users: ['*a*b*c*'] } }]],
    ['a value with a star before it', [place('y/*{t}'), place('y/*a{t}b{u}')]],
    ['a value with a star after it', [place('y/{t}*'), place('y/{t}a{u}*')]],
    ['a star between two values', [place('y/{t}*{u}')]],
    ['stars in two segments around a value', [place('*/{t}/*')]],
    ['a port that is a number, in a rule for any host', [{ users: ['*'], repositories: ['*:80/x'] }]],
    ['a host with a wildcard', [{ users: ['*'], repositories: ['a*b/x:y'] }]],
    ['four texts that divide names', [{ users: ['{a}-{b}', '{a}_{b}', '{a}+{b}', '{a}={b}'] }]],
    ['patterns that leave two letters', [{ users: ['xyzqjkvwubfgdhmnlrcpteisoa01234567*'] }]],
    ['nearly all letters in names without a wildcard', [{ users: ['xyzqjkvwubfgdhmnlrcpteisoa0123456789'] }]],
    ['texts around values that no name can share', [{ users: ['{x}ab'] }, { users: ['bb{y}'] }]],
    ['texts of different lengths around values', [{ users: ['{x}ab'] }, { users: ['bab{y}'] }, { users: ['a{y}'] }]],
    ['a text before the value from the beginning', [{ users: ['z{x}ab'] }, { users: ['ba{y}'] }]],
    ['a value after the value from the beginning', [{ users: ['{x}ab{z}'] }, { users: ['ba{y}'] }]],
    ['a text after the value from the end', [{ users: ['{x}ab'] }, { users: ['ba{y}z'] }]],
    ['a value before the value from the end', [{ users: ['{x}ab'] }, { users: ['{z}ba{y}'] }]],
    ['a star in the place of a value', [{ users: ['*ab'] }, { users: ['ba*'] }]],
  ])('%s', (_what, rules) => {
    expect(limits(...rules)).toEqual([]);
  });
});
