/** The first policy passes its own tests, whatever the names of the group and the namespace. */
import { describe, expect, it } from 'vitest';
import { policyText } from '../../../../src/cli/init/policy.ts';
import { loadPolicy } from '../../../../src/config/load.ts';
import { runPolicyTests } from '../../../../src/core/policy/policy-test.ts';
import { writtenFiles } from '../../config/written-files.ts';

async function load(text: string) {
  await using files = await writtenFiles({ 'policy.yaml': text });
  return await loadPolicy(files.path('policy.yaml'));
}

describe('the first policy of fairlead init', () => {
  it.each([
    ['all teams', 'team-{team}', '{team}', { username: 'alice', groups: ['staff', 'team-web'] }, 'web/app'],
    ['one group', 'staff', 'shared', { username: 'alice', groups: ['staff'] }, 'shared/app'],
    ['a group that the user is not in', 'staff', 'shared', { username: 'alice', groups: [] }, 'shared/app'],
    [
      'a group of Active Directory',
      'Domain Users',
      'users/{user}',
      { username: 'alice', groups: ['domain users'] },
      'users/alice/app',
    ],
    ['every user', '*', 'users/{user}', { username: 'Carol', groups: [] }, 'users/carol/app'],
    ['every user in one namespace', '*', 'shared', undefined, 'shared/app'],
    [
      'a user whose name cannot be in a repository',
      '*',
      'users/{user}',
      { username: 'Carol X', groups: [] },
      'users/alice/app',
    ],
    [
      'groups of two parts',
      '{org}-{team}',
      '{org}/{team}',
      { username: 'alice', groups: ['acme-web'] },
      'acme/web/app',
    ],
    ['a DN', 'CN=Web,OU=Groups,DC=example,DC=test', 'web', undefined, 'web/app'],
    ['nobody who has logged in', 'team-{team}', '{team}', undefined, 'example/app'],
    ['a very long name', 'g'.repeat(300), 'web', undefined, 'web/app'],
    ['a name with quotes', 'a "b" c', 'web', undefined, 'web/app'],
  ])('passes its tests for %s', async (_what, group, namespace, member, repository) => {
    const { policy, tests } = await load(policyText({ group, namespace, isPublic: true, member }));

    const results = runPolicyTests(policy, tests);

    expect(results.map(({ passed, summary }) => (passed ? [] : summary)).flat()).toEqual([]);
    expect(tests[0]).toMatchObject({ scope: { name: repository }, expect: ['push'] });
  });

  it.each(['team-{team}', '*'])('has a test that fails when its rule is missing: %s', async (group) => {
    const text = policyText({ group, namespace: 'web', isPublic: false, member: undefined });

    const { policy, tests } = await load(text.replace('allow: writer', 'allow: reader'));

    expect(runPolicyTests(policy, tests).some(({ passed }) => !passed)).toBe(true);
  });
});
