import { expect, it } from 'vitest';
import { nearMisses } from '../../../../src/core/policy/near-misses.ts';
import { ask, policyOf, situationOf } from '../../../support/policy-builder.ts';
import type { Asker, RuleText } from '../../../support/policy-builder.ts';

const ALICE: Asker = { user: 'alice', groups: ['team-web'], service: 'one', client: '192.0.2.1' };
const web: RuleText = { groups: ['team-web'], repositories: ['web/**'], allow: ['pull', 'push'] };

/** Each near miss as `rule: because values`. */
function missesOf(rules: readonly RuleText[], scope: string, by: Asker = ALICE): readonly string[] {
  const policy = policyOf(rules);
  return nearMisses(policy, situationOf(by), ask(policy, by, scope)).map(
    ({ rule, because, expected, actions }) => `${rule}: ${because} ${expected.join(', ')} (${actions.join()})`,
  );
}

it.each<[string, RuleText, string]>([
  [
    'is for others',
    { ...web, groups: ['team-api', 'x-*'] },
    'rule 1: others members of team-api, members of any group named x-* (push)',
  ],
  ['asks for another capture', { ...web, groups: ['team-{team}'], repositories: ['{team}/**'] }, ''],
  ['is for other repositories', { ...web, repositories: ['wbe/**'] }, 'rule 1: elsewhere wbe/** (push)'],
  ['excepts the user', { ...web, except: { users: ['a*'] } }, 'rule 1: excepted users named a* (push)'],
  ['is for another registry', { ...web, services: ['two'] }, 'rule 1: service two (push)'],
  ['is for other addresses', { ...web, clients: ['10.0.0.0/8'] }, 'rule 1: client 10.0.0.0/8 (push)'],
  [
    'has patterns that do not match',
    { ...web, match: { account: 'b*' } },
    'rule 1: condition [["account","b*"]] (push)',
  ],
  ['allows something else', { ...web, repositories: ['wbe/**'], allow: ['pull'] }, ''],
  ['denies', { ...web, repositories: ['wbe/**'], deny: ['push'] }, ''],
])('a near miss names a rule that %s, if it is one', (_what, rule, expected) => {
  const { allow, ...rest } = rule;
  const text = rule.deny === undefined ? { ...rest, allow: allow ?? [] } : rest;

  expect(missesOf([text], 'repository:web/a:push')).toEqual(expected === '' ? [] : [expected]);
});

it('names the callers whose repository it is', () => {
  const teams: RuleText = { groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['push'] };
  const homes: RuleText = { users: ['*'], repositories: ['{user}/**'], allow: ['push'] };

  expect(missesOf([teams, homes], 'repository:api/a:push')).toEqual([
    'rule 1: others members of team-api (push)',
    'rule 2: others user api (push)',
  ]);
});

it('is not reported for what is granted or denied by a rule', () => {
  const deny: RuleText = { users: ['*'], repositories: ['web/release/**'], deny: ['push'] };
  const other: RuleText = { ...web, repositories: ['other/**'] };

  expect(missesOf([web, other], 'repository:web/a:push')).toEqual([]);
  expect(missesOf([web, deny, other], 'repository:web/release/a:push')).toEqual([]);
});

it('is reported for a bounded number of rules, the nearest first', () => {
  const others = Array.from({ length: 20 }, (_, n) => ({ ...web, groups: [`g-${n}`] }));
  const elsewhere = Array.from({ length: 5 }, (_, n) => ({ ...web, repositories: [`x-${n}`] }));

  const found = missesOf([...elsewhere, ...others, { ...web, services: ['two'] }], 'repository:web/a:push');

  expect(found[0]).toBe('rule 26: service two (push)');
  expect(found.filter((text) => text.includes('others'))).toHaveLength(9);
  expect(found.filter((text) => text.includes('elsewhere'))).toHaveLength(3);
});
