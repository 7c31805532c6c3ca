/** How two rules relate, compared with the decisions of the one decision function. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Rule } from '../../../../../src/core/policy/rule.ts';
import { ruleCovers, rulesMeet } from '../../../../../src/core/policy/relation/rules.ts';
import { allKinds, anyConditions, anyProperties } from '../../../../support/any-conditions.ts';
import { ask, policyOf } from '../../../../support/policy-builder.ts';
import type { Asker, RuleText } from '../../../../support/policy-builder.ts';

const oneRule = (text: RuleText): Rule => {
  const [rule] = policyOf([{ ...text, allow: ['pull'] }], {}, undefined, allKinds).rules;
  if (rule === undefined) throw new Error('there is no rule');
  return rule;
};
const covers = (wide: RuleText, narrow: RuleText): boolean => ruleCovers(oneRule(wide), oneRule(narrow));
const meet = (a: RuleText, b: RuleText): boolean => rulesMeet(oneRule(a), oneRule(b));

const anybody = (...repositories: string[]): RuleText => ({ users: ['*'], repositories });

describe('a rule covers another', () => {
  it.each<[string, RuleText, RuleText]>([
    ['of the same repositories', anybody('web/**'), anybody('web/**')],
    ['with deeper ones', anybody('web/**'), anybody('web/a/*', 'web/**/b', 'web')],
    ['with all', anybody('**'), anybody('{user}/**', 'a/*/b')],
    ['with stars of another order', anybody('*/**'), anybody('**/*')],
    ['with part of a segment', anybody('w*'), anybody('web', 'w*b', 'wx-{user}')],
    ['of more people', { everyone: true, repositories: ['a'] }, anybody('a')],
    ['of a group', anybody('a'), { groups: ['team-*'], repositories: ['a'] }],
    ['of a narrower group', { groups: ['team-*'], repositories: ['a'] }, { groups: ['team-{x}'], repositories: ['a'] }],
    [
      'of the same capture',
      { groups: ['t-{x}'], repositories: ['{x}/**'] },
      { groups: ['t-{x}'], repositories: ['{x}/a'] },
    ],
    ['of one user’s home', anybody('users/{user}/**'), { users: ['alice'], repositories: ['users/{user}/a'] }],
    [
      'with fewer exceptions',
      { ...anybody('a'), except: { users: ['bob'] } },
      { ...anybody('a'), except: { users: ['b*'] } },
    ],
    ['for more services', anybody('a'), { ...anybody('a'), services: ['one'] }],
    [
      'for some of the clients',
      { ...anybody('a'), clients: ['10.0.0.0/8'] },
      { ...anybody('a'), clients: ['::ffff:a01:0/112'] },
    ],
    [
      'for the same clients',
      { ...anybody('a'), clients: ['10.0.0.0/8'] },
      { ...anybody('a'), clients: ['10.0.0.0/8'] },
    ],
    ['of the catalog', { ...anybody('**'), catalog: true }, { users: ['bob'], catalog: true }],
  ])('%s', (_what, wide, narrow) => {
    expect(covers(wide, narrow)).toBe(true);
  });

  it.each<[string, RuleText, RuleText]>([
    ['with a segment more', anybody('web/*'), anybody('web/**')],
    ['in part', anybody('web/a', 'web/b'), anybody('web/*')],
    ['of anonymous', anybody('a'), { everyone: true, repositories: ['a'] }],
    ['of users, by a group', { groups: ['*'], repositories: ['a'] }, anybody('a')],
    [
      'of a group with an empty end',
      { groups: ['t-{x}'], repositories: ['a'] },
      { groups: ['t-*'], repositories: ['a'] },
    ],
    [
      'of another capture',
      { groups: ['t-{x}'], repositories: ['{x}/a'] },
      { groups: ['t-b-{x}'], repositories: ['{x}/a'] },
    ],
    ['whose values are others', anybody('users/{user}/a'), anybody('users/*/a')],
    ['that excepts nobody', { ...anybody('a'), except: { users: ['bob'] } }, anybody('a')],
    ['for other services', { ...anybody('a'), services: ['one'] }, anybody('a')],
    ['for other clients', { ...anybody('a'), clients: ['10.0.0.0/8'] }, { ...anybody('a'), clients: ['11.1.0.0/16'] }],
    ['of the catalog', anybody('**'), { ...anybody('a'), catalog: true }],
  ])('but not one %s', (_what, wide, narrow) => {
    expect(covers(wide, narrow)).toBe(false);
  });
});

describe('two rules meet nowhere', () => {
  it.each<[string, RuleText, RuleText]>([
    ['in other places', anybody('web/**'), anybody('api/**', 'webs')],
    ['at other depths', anybody('*'), anybody('*/*/**')],
    ['where segments begin otherwise', anybody('a*'), anybody('b*')],
    ['for other users', { users: ['alice', 'a-*'], repositories: ['**'] }, { users: ['bob'], repositories: ['**'] }],
    ['for other services', { ...anybody('**'), services: ['one'] }, { ...anybody('**'), services: ['two', 't*'] }],
    [
      'where one excepts the other',
      { ...anybody('**'), except: { groups: ['x'] } },
      { groups: ['x'], repositories: ['a'] },
    ],
    ['with the catalog alone', { users: ['*'], catalog: true }, anybody('**')],
  ])('%s', (_what, one, other) => {
    expect([meet(one, other), meet(other, one)]).toEqual([false, false]);
  });

  it.each<[string, RuleText, RuleText]>([
    ['placeholders may be the word', { groups: ['t-{x}'], repositories: ['{x}/a'] }, anybody('web/*')],
    ['somebody may be in both groups', { groups: ['a'], repositories: ['r'] }, { groups: ['b'], repositories: ['r'] }],
    ['a directory ignores case', { users: ['Alice'], repositories: ['r'] }, { users: ['alice'], repositories: ['r'] }],
  ])('unless %s', (_what, one, other) => {
    expect(meet(one, other)).toBe(true);
  });
});

const who: fc.Arbitrary<RuleText> = fc.oneof(
  fc.record({ users: fc.array(fc.constantFrom('alice', 'bob', '*', 'ci-*', 'a*e'), { minLength: 1, maxLength: 2 }) }),
  fc.record({
    groups: fc.array(fc.constantFrom('team-web', 'team-*', 't*-web', 'admins'), { minLength: 1, maxLength: 2 }),
  }),
  fc.constant({ everyone: true }),
);
const segment = fc.constantFrom('web', 'api', '*', 'w*', '*b', '**');
const pattern = fc
  .array(segment, { minLength: 1, maxLength: 3 })
  .filter((segments) => segments.filter((text) => text === '**').length <= 2)
  .map((segments) => segments.join('/'));
const captured: fc.Arbitrary<RuleText> = fc.record({
  groups: fc.array(fc.constantFrom('team-{team}', '{team}-web', 'team-{team}-x'), { minLength: 1, maxLength: 2 }),
  repositories: fc.array(fc.constantFrom('{team}/**', '{team}/web', 'all/{team}-*', 'web/**'), {
    minLength: 1,
    maxLength: 2,
  }),
});
const owned: fc.Arbitrary<RuleText> = fc.record({
  users: fc.array(fc.constantFrom('alice', '*', 'a*'), { minLength: 1, maxLength: 2 }),
  repositories: fc.array(fc.constantFrom('{user}/**', 'web/{user}', 'alice/**'), { minLength: 1, maxLength: 2 }),
});
const plain: fc.Arbitrary<RuleText> = fc
  .tuple(who, fc.array(pattern, { minLength: 1, maxLength: 2 }))
  .map(([callers, repositories]) => ({ ...callers, repositories }));
const rule: fc.Arbitrary<RuleText> = fc
  .tuple(fc.oneof(plain, captured, owned), anyConditions(allKinds))
  .map(([text, conditions]) => ({ ...text, ...conditions }));
const caller: fc.Arbitrary<Asker> = fc.record({
  user: fc.constantFrom('alice', 'bob', 'ci-1', 'Alice'),
  groups: fc.array(fc.constantFrom('team-web', 'team-api', 'team-web-x', 'team-', 'admins', 'Team-Web'), {
    maxLength: 3,
  }),
  caseless: fc.boolean(),
});
const asker = fc.tuple(caller, anyProperties(allKinds)).map(([one, properties]): Asker => ({ ...one, ...properties }));
const place = fc.array(fc.constantFrom('web', 'api', 'alice', 'wb', 'all', 'web-1'), { minLength: 1, maxLength: 4 });
/** With fewer runs, too few pairs of rules relate. */
const runs = Math.max(500, Number(process.env['PROPERTY_RUNS'] ?? 5000));

const allows = (text: RuleText, by: Asker, segments: readonly string[]): boolean =>
  ask(policyOf([{ ...text, allow: ['pull'] }], {}, undefined, allKinds), by, `repository:${segments.join('/')}:pull`)
    .granted.length > 0;

it('a rule that covers another one allows every request that the other one allows', () => {
  let positive = 0;
  fc.assert(
    fc.property(rule, rule, asker, place, (wide, narrow, by, segments) => {
      if (!covers(wide, narrow)) return;
      positive += 1;
      if (allows(narrow, by, segments)) expect(allows(wide, by, segments)).toBe(true);
    }),
    { numRuns: runs },
  );
  expect(positive).toBeGreaterThan(runs / 100);
});

it('two rules that do not meet never allow the same request', () => {
  let positive = 0;
  fc.assert(
    fc.property(rule, rule, asker, place, (one, other, by, segments) => {
      if (meet(one, other)) return;
      positive += 1;
      expect(allows(one, by, segments) && allows(other, by, segments)).toBe(false);
    }),
    { numRuns: runs },
  );
  expect(positive).toBeGreaterThan(runs / 100);
});

it('a rule covers itself', () => {
  fc.assert(
    fc.property(rule, (text) => {
      expect(covers(text, text)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
