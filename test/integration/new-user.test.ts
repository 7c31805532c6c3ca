/**
 * A new user who has read only the README writes a policy: the group `Team-Web` of Active Directory owns the namespace
 * `web`, and only the pipeline pushes releases. The output of `explain` shows each mistake that is planted in it.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import { run } from '../support/process.ts';
import type { Result } from '../support/process.ts';

const BROKER = `listen: 127.0.0.1:0
publicUrl: http://localhost:5001
services: { registry.example.com: {} }
backends:
  - name: corp
    type: ldap
    preset: active-directory
    urls: [ldaps://dc1.corp.example]
    bind: { dn: 'CN=svc,DC=corp,DC=example', password: { env: HOME } }
    users: { base: 'OU=People,DC=corp,DC=example' }
    groups: { base: 'OU=Groups,DC=corp,DC=example' }
policy: policy.yaml
`;
const RIGHT = `rules:
  - name: the web team owns web
    groups: [Team-Web]
    repositories: [web/**]
    allow: [pull, push]
  - name: the pipeline publishes
    users: [pipeline]
    repositories: ['*/release/**']
    allow: [pull, push]
  - name: releases come from the pipeline only
    users: ['*']
    except: { users: [pipeline] }
    repositories: ['*/release/**']
    deny: [push]
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-new-user-'));
  await writeFile(join(folder, 'broker.yaml'), BROKER);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ALICE = ['--user', 'alice', '--group', 'Team-Web'];
const PIPELINE = ['--user', 'pipeline', '--group', 'Build'];

async function explain(policy: string, who: readonly string[], scope: string): Promise<Result> {
  await writeFile(join(folder, 'policy.yaml'), policy);
  return run(process.execPath, [MAIN, 'explain', '--config', 'broker.yaml', ...who, '--scope', scope], { cwd: folder });
}

describe('the correct policy of a new user', () => {
  it.each([
    ['lets the team push', ALICE, 'repository:web/shop/ui:pull,push', 0],
    ['does not let the team push releases', ALICE, 'repository:web/release/shop:push', 1],
    ['lets the team pull releases', ALICE, 'repository:web/release/shop:pull', 0],
    ['lets the pipeline push releases', PIPELINE, 'repository:web/release/shop:push', 0],
    ['does not let the pipeline push anything else', PIPELINE, 'repository:web/shop:push', 1],
    ['does not let the team pull from another namespace', ALICE, 'repository:api/shop:pull', 1],
  ] as const)('%s', async (_what, who, scope, code) => {
    expect((await explain(RIGHT, who, scope)).code).toBe(code);
  });
});

describe('the output of explain shows a mistake in the policy of a new user', () => {
  it.each<[string, string, string, readonly string[], string, readonly RegExp[]]>([
    [
      'the group is misspelt',
      '[Team-Web]',
      '[Team-Wbe]',
      ALICE,
      'repository:web/shop:push',
      [
        /groups: team-web$/m,
        /near miss: rule "the web team owns web" \(policy\.yaml:2\) allows push here to members of Team-Wbe/,
      ],
    ],
    [
      'the namespace is misspelt',
      '[web/**]',
      '[wbe/**]',
      ALICE,
      'repository:web/shop:push',
      [/near miss: rule "the web team owns web" \(policy\.yaml:2\) allows push, but in wbe\/\*\*/],
    ],
    [
      'a pattern has one star instead of two',
      '[web/**]',
      '[web/*]',
      ALICE,
      'repository:web/shop/ui:push',
      [/near miss: rule "the web team owns web" \(policy\.yaml:2\) allows push, but in web\/\*$/m],
    ],
    [
      'the exception is missing',
      '    except: { users: [pipeline] }\n',
      '',
      PIPELINE,
      'repository:web/release/shop:push',
      [/rule "releases come from the pipeline only" \(policy\.yaml:10\) denies push for user pipeline/],
    ],
    [
      'the exception names a group instead of a user',
      'except: { users: [pipeline] }',
      'except: { groups: [pipeline] }',
      PIPELINE,
      'repository:web/release/shop:push',
      [/rule "releases come from the pipeline only" \(policy\.yaml:10\) denies push for user pipeline/],
    ],
    [
      'push is missing',
      '    repositories: [web/**]\n    allow: [pull, push]',
      '    repositories: [web/**]\n    allow: [pull]',
      ALICE,
      'repository:web/shop:pull,push',
      [/grants pull$/m, /rule "the web team owns web" \(policy\.yaml:2\) allows pull for group team-web/],
    ],
    [
      'a captured name cannot be part of a repository name',
      '    groups: [Team-Web]\n    repositories: [web/**]',
      "    groups: ['Team {team}']\n    repositories: ['{team}/**']",
      ['--user', 'alice', '--group', 'Team Web & Shop'],
      'repository:web/shop:push',
      [
        /is for group team web & shop, but does not apply: \{team\} is "web & shop", which cannot be part of a repository name/,
      ],
    ],
  ])('where %s', async (_what, right, wrong, who, scope, said) => {
    expect(RIGHT).toContain(right);

    const { code, stdout } = await explain(RIGHT.replace(right, wrong), who, scope);

    expect(code).toBe(1);
    for (const words of said) expect(stdout).toMatch(words);
  });
});
