/** What config/reference/policy.md says about cases that are easy to get wrong. */
import { describe, expect, it } from 'vitest';
import { foldCase } from '../../../../src/core/fold-case.ts';
import { runPolicyTests } from '../../../../src/core/policy/policy-test.ts';
import type { PolicyTest } from '../../../../src/core/policy/policy-test.ts';
import { parseScope, parseScopes } from '../../../../src/core/scope.ts';
import { ask, policyOf } from '../../../support/policy-builder.ts';
import type { Asker, RuleText } from '../../../support/policy-builder.ts';

const pull = (rule: RuleText) => policyOf([{ repositories: ['**'], allow: ['pull'], ...rule }]);
const granted = (policy: ReturnType<typeof policyOf>, asker: Asker, scope: string) => ask(policy, asker, scope).granted;

describe('wildcards in names', () => {
  it.each([
    ['{x}-{y}', 'x-y-z', 'x/y-z'],
    ['{x}-{y}', 'a-b', 'a/b'],
    ['p{x}-*-{y}', 'pa-b-c-d', 'a/c-d'],
  ])('each takes as little as possible, from the left: %s captures from %s', (pattern, group, repository) => {
    const policy = pull({ groups: [pattern], repositories: ['{x}/{y}'] });
    expect(granted(policy, { user: 'u', groups: [group] }, `repository:${repository}:pull`)).toEqual(['pull']);
    expect(granted(policy, { user: 'u', groups: [group] }, 'repository:x-y/z:pull')).toEqual([]);
  });

  it('a capture takes one character at least, and * may take none', () => {
    const asker = { user: 'u', groups: ['team-'] };
    expect(granted(pull({ groups: ['team-{t}'] }), asker, 'repository:a:pull')).toEqual([]);
    expect(granted(pull({ groups: ['team-*'] }), asker, 'repository:a:pull')).toEqual(['pull']);
  });

  it('a letter that is not ASCII, but whose small letter is, stays as it is', () => {
    const grantedTo = (user: string) =>
      granted(pull({ users: ['kai'] }), { user: foldCase(user) }, 'repository:a:pull');
    expect(grantedTo('\u212Aai')).toEqual([]);
    expect(grantedTo('KAI')).toEqual(['pull']);
  });

  it('a distinguished name has two parts at least: one part alone is a plain name, compared exactly', () => {
    const policy = pull({ groups: ['CN=Registry'] });
    expect(granted(policy, { user: 'u', groups: ['CN=Registry'] }, 'repository:a:pull')).toEqual(['pull']);
    expect(granted(policy, { user: 'u', groups: ['cn=registry'] }, 'repository:a:pull')).toEqual([]);
    const dn = pull({ groups: ['CN=Registry,DC=corp'] });
    expect(granted(dn, { user: 'u', groups: ['cn=registry, dc=corp'] }, 'repository:a:pull')).toEqual(['pull']);
  });
});

describe('values in repository patterns', () => {
  it('a value that cannot be a segment makes its pattern match nothing, and the other patterns still match', () => {
    const policy = pull({ groups: ['team-{team}'], repositories: ['{team}/**', 'shared/**'] });
    const asker = { user: 'u', groups: ['team-a b'] };
    expect(granted(policy, asker, 'repository:shared/x:pull')).toEqual(['pull']);
    expect(granted(policy, asker, 'repository:a/x:pull')).toEqual([]);
  });

  it('so does a value that the user does not have', () => {
    const policy = pull({ users: ['*'], repositories: ['{attr:dept}/**', 'shared/**'] });
    const withValue = { user: 'u', attributes: { 'attr:dept': ['it'] } };
    expect(granted(policy, withValue, 'repository:it/x:pull')).toEqual(['pull']);
    expect(granted(policy, { user: 'u' }, 'repository:it/x:pull')).toEqual([]);
    expect(granted(policy, { user: 'u' }, 'repository:shared/x:pull')).toEqual(['pull']);
  });

  it.each(['*/web', '**', 'localhost:5000/web', 'localhost:5000/*'])(
    'a repository may begin with a host and port: %s matches localhost:5000/web',
    (pattern) => {
      const policy = pull({ everyone: true, repositories: [pattern] });
      expect(granted(policy, {}, 'repository:localhost:5000/web:pull')).toEqual(['pull']);
      expect(granted(policy, {}, 'repository:web/localhost:5000:pull')).toEqual([]);
    },
  );
});

describe('the catalog', () => {
  const opens = { everyone: true, catalog: true, allow: ['pull'] };

  it('is opened by any allowed action, and closed by any denied one', () => {
    expect(granted(policyOf([opens]), {}, 'registry:catalog:*')).toEqual(['*']);
    expect(granted(policyOf([{ ...opens, allow: ['push'] }]), {}, 'registry:catalog:*')).toEqual(['*']);
    const closes = { everyone: true, catalog: true, deny: ['push'] };
    expect(granted(policyOf([opens, closes]), {}, 'registry:catalog:*')).toEqual([]);
    expect(granted(policyOf([opens], {}, 'first-match'), {}, 'registry:catalog:*')).toEqual(['*']);
  });

  it('includes pull on the empty repository name, which zot asks for, and nothing else of it', () => {
    expect(granted(policyOf([opens]), {}, 'repository::pull')).toEqual(['pull']);
    expect(granted(policyOf([opens]), {}, 'repository::push')).toEqual([]);
    expect(granted(policyOf([opens]), {}, 'repository::*')).toEqual([]);
    expect(granted(pull({ everyone: true }), {}, 'repository::pull')).toEqual([]);
  });
});

describe('a policy test', () => {
  const scope = parseScope('repository:a:pull');
  if (scope === undefined) throw new Error('the scope is valid');
  const request: PolicyTest = {
    file: 'policy.yaml',
    line: 1,
    user: 'u',
    groups: [],
    service: undefined,
    client: undefined,
    time: undefined,
    scope,
    expect: ['pull'],
  };
  const passes = (rule: RuleText, test: Partial<PolicyTest>) =>
    runPolicyTests(pull({ users: ['*'], ...rule }), [{ ...request, ...test }]).every(({ passed }) => passed);

  it('without a client comes from no address, which no range contains', () => {
    expect(passes({ clients: ['0.0.0.0/0', '::/0'] }, {})).toBe(false);
    expect(passes({ clients: ['0.0.0.0/0'] }, { client: '192.0.2.1' })).toBe(true);
    expect(passes({ clients: ['0.0.0.0/0', '::/0'] }, { client: '::ffff:c000:201' })).toBe(true);
  });

  it('an IPv6 range of all addresses contains no IPv4 address', () => {
    expect(passes({ clients: ['::/0'] }, { client: '192.0.2.1' })).toBe(false);
    expect(passes({ clients: ['::/0'] }, { client: '2001:db8::1' })).toBe(true);
  });

  it('without a service asks through one that only * matches', () => {
    expect(passes({ services: ['registry.example.com'] }, {})).toBe(false);
    expect(passes({ services: ['*'] }, {})).toBe(true);
    expect(passes({ services: ['registry.example.com'] }, { service: 'registry.example.com' })).toBe(true);
  });
});

it('a repository name of more than 255 characters is no scope, and a request that has one is answered without it', () => {
  const long = `repository:${'a'.repeat(256)}:pull`;
  expect(parseScope(long)).toBeUndefined();
  expect(parseScopes([long, 'repository:a:pull'])).toEqual({
    scopes: [{ type: 'repository', name: 'a', actions: ['pull'] }],
    malformed: [long],
  });
});
