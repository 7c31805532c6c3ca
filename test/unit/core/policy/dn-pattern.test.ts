import { describe, expect, it } from 'vitest';
import { lintPolicy } from '../../../../src/core/policy/lint/lint.ts';
import { ask, policyOf } from '../../../support/policy-builder.ts';

function isInGroup(pattern: string, group: string, caseless = false): boolean {
  const policy = policyOf([{ groups: [pattern], repositories: ['**'], allow: ['pull'] }]);
  return ask(policy, { user: 'u', groups: [group], caseless }, 'repository:x:pull').granted.length > 0;
}

describe('a pattern for distinguished names', () => {
  it.each([
    ['CN=*,OU=Groups,DC=corp', 'cn=x,ou=groups,dc=corp'],
    ['CN=*,OU=Groups,DC=corp', 'CN=a\\, OU\\=b,OU=Groups,DC=corp'],
    ['CN=*,OU=Groups,DC=corp', 'CN=a\\+b,OU=Groups,DC=corp'],
    ['CN=team-{team},OU=*,DC=corp', 'CN=team-web,OU=Groups,DC=corp'],
    ['CN=*+UID=7,DC=corp', 'UID=7+CN=a,DC=corp'],
    ['cn=pre*post,dc=corp', 'CN=prepost,DC=corp'],
  ])('%s matches %s', (pattern, group) => {
    expect(isInGroup(pattern, group)).toBe(true);
    expect(isInGroup(pattern, group, true)).toBe(true);
  });

  it.each([
    ['CN=*,OU=Groups,DC=corp', 'CN=x,OU=Contractors,OU=Groups,DC=corp'],
    ['CN={team},OU=Groups,DC=corp', 'CN=x,OU=Contractors,OU=Groups,DC=corp'],
    ['CN=*,OU=Groups,DC=corp', 'CN=a+UID=7,OU=Groups,DC=corp'],
    ['CN=x,OU=*,DC=corp', 'CN=x,OU=a,OU=b,DC=corp'],
    ['CN=*,DC=corp', 'DC=corp'],
    ['CN=*,DC=corp', 'some, cn=x,dc=corp'],
  ])('%s does not match %s, because a wildcard stays within one value', (pattern, group) => {
    expect(isInGroup(pattern, group)).toBe(false);
    expect(isInGroup(pattern, group, true)).toBe(false);
  });

  it('captures the value of each part', () => {
    const policy = policyOf([
      { groups: ['CN={role},OU={team},DC=corp'], repositories: ['{team}/{role}/**'], allow: ['push'] },
    ]);
    const asker = { user: 'u', groups: ['CN=Dev,OU=Web,DC=corp'] };
    expect(ask(policy, asker, 'repository:web/dev/x:push').granted).toEqual(['push']);
    expect(ask(policy, asker, 'repository:web/ops/x:push').granted).toEqual([]);
  });

  it.each([
    '*,OU=Contractors,DC=corp',
    '{team},OU=Groups,DC=corp',
    'CN=a,*',
    '*OU=Contractors,DC=corp',
    'CN=*,{x},DC=c',
  ])('%s is refused, because it could match no distinguished name', (pattern) => {
    expect(() => policyOf([{ groups: [pattern], repositories: ['**'], allow: ['pull'] }])).toThrow(
      'has a part of a distinguished name without its attribute; write CN=*',
    );
    expect(() =>
      policyOf([{ everyone: true, except: { groups: [pattern] }, repositories: ['**'], allow: ['pull'] }]),
    ).toThrow('has a part of a distinguished name without its attribute');
  });

  it.each(['*', 'team-*', 'a, b*', 'env=*', '*=prod', '{x}=1'])('%s is a pattern for plain names', (pattern) => {
    expect(() => policyOf([{ groups: [pattern], repositories: ['**'], allow: ['pull'] }])).not.toThrow();
  });

  it('does not make a rule for entries further below redundant', () => {
    const codes = (narrow: string) =>
      lintPolicy(
        policyOf([
          { groups: ['CN=*,OU=Groups,DC=corp'], repositories: ['a'], allow: ['pull'] },
          { groups: [narrow], repositories: ['a'], allow: ['pull'] },
        ]),
        undefined,
      ).findings.map(({ code }) => code);
    expect(codes('CN=x,OU=Contractors,OU=Groups,DC=corp')).not.toContain('adds-nothing');
    expect(codes('CN=x*,OU=Groups,DC=corp')).toContain('adds-nothing');
    expect(codes('CN=x,OU=Groups,DC=corp')).toContain('adds-nothing');
  });
});
