import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { conditionKinds } from '../../../src/config/conditions/index.ts';
import { loadPolicy } from '../../../src/config/load.ts';
import { decide } from '../../../src/core/policy/decide.ts';
import { imaginedCaller, runPolicyTests } from '../../../src/core/policy/policy-test.ts';
import { problemsOf, writtenFiles } from './written-files.ts';
import type { WrittenFiles } from './written-files.ts';

let files: WrittenFiles;
beforeEach(async () => {
  files = await writtenFiles();
});
afterEach(async () => {
  await files[Symbol.asyncDispose]();
});

async function load(content: string) {
  return await loadPolicy(await files.write('policy.yaml', content));
}

async function problems(content: string): Promise<readonly string[]> {
  const path = await files.write('policy.yaml', content);
  return (await problemsOf(files, () => loadPolicy(path))).map((line) => line.replace('policy.yaml:', ''));
}

describe('loadPolicy', () => {
  it('compiles rules with their places and runs their tests', async () => {
    const { policy, tests, warnings } = await load(`roles: { writer: [pull, push] }
rules:
  - name: teams
    groups: ["team-{team}"]
    repositories: ["{team}/**"]
    allow: writer
  - name: no pushes from outside
    users: ["*"]
    clients: [0.0.0.0/0]
    services: [registry.example.com]
    except: { groups: [ops] }
    repositories: ["**"]
    deny: push
  - name: catalog
    everyone: true
    catalog: true
    allow: pull
tests:
  - { user: alice, groups: [team-web], scope: 'repository:web/a:pull,push', expect: [pull, push] }
  - user: alice
    groups: [team-web]
    service: registry.example.com
    client: 192.0.2.1
    scope: repository:web/a:pull,push
    expect: [pull]
  - { anonymous: true, scope: 'repository:web/a:pull', expect: [] }
`);

    expect(policy.rules.map(({ name, line, file }) => ({ name, line, file }))).toEqual([
      { name: 'teams', line: 3, file: files.path('policy.yaml') },
      { name: 'no pushes from outside', line: 7, file: files.path('policy.yaml') },
      { name: 'catalog', line: 14, file: files.path('policy.yaml') },
    ]);
    expect(policy.revision).toMatch(/^[0-9a-f]{12}$/);
    expect(tests.map(({ line }) => line)).toEqual([19, 20, 26]);
    expect(runPolicyTests(policy, tests).map(({ passed, summary }) => (passed ? 'passed' : summary))).toEqual([
      'passed',
      'passed',
      'passed',
    ]);
    expect(warnings).toEqual([]);
  });

  it('knows only the roles that are declared', async () => {
    const rule = '{ name: a, users: [a], repositories: [a], allow: reader }';

    expect(await problems(`rules:\n  - ${rule}\n`)).toEqual([
      '2:54: rules.0.allow: "reader" is neither an action (pull, push, delete, *) nor a role; no roles are defined',
    ]);
    expect((await load(`roles: { reader: [pull] }\nrules:\n  - ${rule}\n`)).policy.rules[0]?.actions).toEqual(['pull']);
  });

  it('reports all problems at once, including those of the compiler', async () => {
    const found = await problems(`roles:
  writer: [pull, puhs]
  pull: [pull]
evaluation: first
rules:
  - name: a
    grups: ["team-{team}"]
    repositories: ["{team}/**"]
    allow: writr
  - users: [x]
    repositories: ["Up/**", "a//b"]
    allow: [pull, fly]
    deny: pull
  - name: c
    users: alice
    except: {}
    clients: [10.0.0.0/99]
    repositories: []
    allow: 5
  - name: d
    everyone: true
    repositories: ["users/{user}"]
    allow: pull
  - name: e
    users: ["*"]
    catalog: yes
    allow: []
  - name: f
  - name: g
    groups: ["team-{team}"]
    repositories: ["{tema}/**"]
    allow: [pull]
    deny: [push]
tests:
  - user: a
    scope: repository
    expect: pull
  - client: 10.0.0.0/8
    scope: repository:a:pull
    expect: [pul]
  - { user: a, anonymous: true, scope: 'repository:a:pull', expect: [] }
  - { anonymous: true, groups: [a], scope: 'repository:a:pull', expect: [] }
`);

    const conditions = conditionKinds.map(({ key }) => key).join(', ');
    const keys = `name, users, groups, everyone, ${conditions}, repositories, catalog, allow, deny`;
    const neither = 'is neither an action (pull, push, delete, *) nor a role (roles: writer, pull)';
    expect(found).toEqual([
      '2:18: roles.writer.1: found "puhs", expected one of pull, push, delete, *; did you mean "push"?',
      '3:9: roles.pull: a role cannot have the name of the action pull',
      '4:13: evaluation: found "first", expected one of union, first-match',
      `7:5: rules.0.grups: unknown key, expected one of ${keys}; did you mean "groups"?`,
      `9:12: rules.0.allow: "writr" ${neither}`,
      '10:5: rules.1.name: missing, expected text (what the rule is called in explanations and in the audit log)',
      '11:20: rules.1.repositories.0: the pattern "Up/**" has upper-case letters, which no repository name has',
      '11:29: rules.1.repositories.1: the pattern "a//b" has an empty segment: a / at an end, or two in a row',
      '15:12: rules.2.users: found "alice", expected a list: write [alice]',
      '16:13: rules.2.except: expected users, groups or everyone: true, found none of them',
      '17:15: rules.2.clients.0: found "10.0.0.0/99", expected a prefix of at most 32 bits',
      '18:19: rules.2.repositories: found an empty list, expected at least 1 entry',
      '19:12: rules.2.allow: found 5, expected text or a list',
      '22:20: rules.3.repositories.0: everyone includes anonymous, who has no {user}; write users: ["*"] instead',
      '26:14: rules.4.catalog: found "yes", expected true or false',
      '27:12: rules.4.allow: found an empty list, expected at least 1 entry',
      '28:5: rules.5: expected users, groups or everyone: true, found none of them',
      '28:5: rules.5: expected one of allow and deny, found none',
      '28:5: rules.5: expected repositories or catalog: true, found none of them',
      '29:5: rules.6: expected one of allow and deny, found both',
      expect.stringMatching(/^31:20: rules\.6\.repositories\.0: group "team-\{team\}" .* gives no value for \{tema\}/),
      '36:12: tests.0.scope: found "repository", expected type:name:actions, such as repository:web/shop:pull,push',
      '37:13: tests.0.expect: found "pull", expected a list: write [pull]',
      '38:13: tests.1.client: found "10.0.0.0/8", expected one address',
      '40:14: tests.1.expect.0: found "pul", expected one of pull, push, delete, *; did you mean "pull"?',
      '41:5: tests.2: expected one of user and anonymous: true, found both',
      '42:32: tests.3.groups: found a list, expected only with user',
    ]);
  });

  it.each([
    ['push without pull', 'users: [a], repositories: [a], allow: push', 'allows push without pull, but registries'],
    [
      'an exception for everyone',
      'users: [a], repositories: [a], allow: pull, except: { everyone: true }',
      'never applies',
    ],
  ])('warns about %s', async (_what, rule, warning) => {
    const { warnings } = await load(`rules:\n  - { name: odd, ${rule} }\n`);

    expect(warnings).toEqual([expect.stringContaining(`policy.yaml:2:5: rules.0: ${warning}`)]);
  });

  it('warns about two rules with the same name', async () => {
    const rule = '{ name: twin, users: [a], repositories: [a], allow: pull }';

    const { warnings } = await load(`rules:\n  - ${rule}\n  - ${rule}\n`);

    expect(warnings).toEqual([expect.stringContaining('3:5: rules.1: has the name of the rule in line 2')]);
  });

  it('returns another revision for another text', async () => {
    const revision = async (text: string) => (await load(text)).policy.revision;

    expect(await revision('rules: []\n')).toBe(await revision('rules: []\n'));
    expect(await revision('rules: []\n')).not.toBe(await revision('rules: [] # changed\n'));
  });

  it('reads the time of a test with its offset, and refuses what is not a time', async () => {
    const policy = (at: string): string =>
      `rules: []\ntests:\n  - { user: a, at: "${at}", scope: "repository:a:pull", expect: [] }\n`;

    const { tests } = await load(policy('1970-01-02T01:00:00+01:00'));

    expect(tests.map(({ time }) => time)).toEqual([86_400]);
    expect(await problems(policy('noon'))).toEqual([
      '3:20: tests.0.at: found "noon", expected a time such as 2026-05-04T09:30:00Z',
    ]);
  });

  it('accepts a policy that grants nothing', async () => {
    const { policy } = await load('rules: []\n');

    const grant = decide(
      policy,
      { caller: imaginedCaller('alice', []), service: '', client: '', time: 0 },
      { type: 'repository', name: 'a', actions: ['pull'] },
    );
    expect(grant.granted).toEqual([]);
  });
});
