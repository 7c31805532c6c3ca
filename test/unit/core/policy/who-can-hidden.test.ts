/** Callers who are hard to find for who-can, and callers whom only a careless search finds. */
import { describe, expect, it } from 'vitest';
import type { Form } from '../../../../src/core/policy/exact/world.ts';
import { isOpen, whoCan } from '../../../../src/core/policy/who-can.ts';
import { ask, policyOf } from '../../../support/policy-builder.ts';
import type { Asker, RuleText } from '../../../support/policy-builder.ts';

const ALL: RuleText = { users: ['*'], repositories: ['**'] };

function isAnybodyFound(rules: readonly RuleText[], repository: string, forms?: readonly Form[]): boolean {
  const options = { service: 'one', client: '', users: [], ...(forms === undefined ? {} : { forms }) };
  const { grantees } = whoCan(policyOf(rules), 'push', repository, options);
  return grantees.some(isOpen);
}

describe('who-can finds', () => {
  it.each<[string, readonly RuleText[], Asker]>([
    [
      'a user who fits the pattern of a rule and the exception of a denial',
      [
        { users: ['ci-*'], repositories: ['**'], allow: ['push'] },
        { ...ALL, except: { users: ['*-bot'] }, deny: ['push'] },
      ],
      { user: 'ci-web-bot' },
    ],
    [
      'a user who fits the exceptions of two denials',
      [
        { ...ALL, allow: ['push'] },
        { ...ALL, except: { users: ['ci-*'] }, deny: ['push'] },
        { ...ALL, except: { users: ['*-bot'] }, deny: ['push'] },
      ],
      { user: 'ci-x-bot' },
    ],
    [
      'a user whose name an exception has in other letters',
      [{ users: ['Ann'], except: { users: ['ann'] }, repositories: ['**'], allow: ['push'] }],
      { user: 'Ann' },
    ],
    [
      'a group whose name an exception has in other letters',
      [{ groups: ['team-{t}'], except: { groups: ['team-web'] }, repositories: ['{t}/**'], allow: ['push'] }],
      { user: 'x', groups: ['team-WEB'] },
    ],
  ])('%s', (_what, rules, asker) => {
    expect(ask(policyOf(rules), { ...asker, service: 'one' }, 'repository:web/shop:push').granted).toEqual(['push']);
    expect(isAnybodyFound(rules, 'web/shop')).toBe(true);
  });
});

describe('who-can finds nobody in a source that ignores case', () => {
  it.each<[string, readonly RuleText[], string]>([
    [
      'where the only user of a place is an exception',
      [{ groups: ['staff'], except: { users: ['ci-*'] }, repositories: ['{user}/**'], allow: ['push'] }],
      'ci-web/x',
    ],
    [
      'where every member is an exception',
      [{ groups: ['team-*'], except: { groups: ['team-*'] }, repositories: ['**'], allow: ['push'] }],
      'web/shop',
    ],
    [
      'where the pattern divides each name at an earlier place',
      [{ groups: ['{t}-*'], repositories: ['{user}/{t}'], allow: ['push'] }],
      'ann/web-shop',
    ],
    [
      'where no group name gives the value',
      [{ groups: ['{org}-{team}'], repositories: ['{org}/**'], allow: ['push'] }],
      'web-shop/x',
    ],
  ])('%s', (_what, rules, repository) => {
    expect(isAnybodyFound(rules, repository, ['folded'])).toBe(false);
  });

  it('and names no rule where no group name gives the value', () => {
    const rules: readonly RuleText[] = [{ groups: ['{org}-{team}'], repositories: ['{org}/**'], allow: ['push'] }];

    const { grantees } = whoCan(policyOf(rules), 'push', 'web-shop/x', { service: 'one', client: '', users: [] });

    expect(grantees).toEqual([]);
  });
});
