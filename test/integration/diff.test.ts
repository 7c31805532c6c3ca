/** `fairlead diff` as it is typed: what it prints, and how it ends. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import { run } from '../support/process.ts';
import type { Result } from '../support/process.ts';
import { recipeTexts } from '../support/recipes.ts';

const OLD = `
rules:
  - name: teams own their namespace
    groups: ['team-{team}']
    repositories: ['{team}/**']
    allow: [pull, push]
  - name: public images
    everyone: true
    repositories: ['public/**']
    allow: [pull]
`;
/** The same, said otherwise. */
const RENAMED = `
# what everybody may
roles: { reader: pull, writer: [pull, push] }
rules:
  - { name: all, everyone: true, repositories: ['public/**'], allow: reader }
  - { name: teams, groups: ['team-{team}'], repositories: ['{team}/**'], allow: writer }
`.replace('reader: pull', 'reader: [pull]');
const NEW = `${OLD}
  - name: releases come from the pipeline
    users: ['*']
    except: { users: [release-bot] }
    repositories: ['*/release/**']
    deny: [push]
  - name: the office lists the catalog
    groups: [staff]
    clients: [10.0.0.0/8]
    catalog: true
    allow: [pull]
`;
const IMPORTED = `
evaluation: first-match
rules:
  - name: acl entry 1
    everyone: true
    match: { account: '/^ci-/' }
    repositories: ['**']
    allow: [pull]
`;
const USERS = `
users:
  alice: { password: { file: no-such-secret }, groups: [team-web] }
  release-bot: { password: { file: no-such-secret }, groups: [team-web] }
  carol: { password: { file: no-such-secret }, groups: [staff] }
`;

const BROKER = {
  listen: '127.0.0.1:0',
  publicUrl: 'http://localhost:5001',
  services: { 'registry.example.com': {} },
  backends: [{ name: 'local', type: 'static-file', file: 'users.yaml' }],
  policy: 'policy.yaml',
};

describe('fairlead diff', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-diff-'));
    for (const [name, text] of Object.entries({
      'old.yaml': OLD,
      'renamed.yaml': RENAMED,
      'new.yaml': NEW,
      'imported.yaml': IMPORTED,
      'imported-too.yaml': IMPORTED.replace('ci-', 'cd-'),
      'bad.yaml': 'rules: [{ name: x }]',
      'users.yaml': USERS,
      'broker.yaml': JSON.stringify({ ...BROKER, policy: 'old.yaml' }),
    })) {
      await writeFile(join(folder, name), text);
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const diff = (...args: readonly string[]): Promise<Result> =>
    run(process.execPath, [MAIN, 'diff', ...args], { cwd: folder });

  it('prints each kind of changed decision with rules, example and users, and exits with 1', async () => {
    const { code, stdout } = await diff('old.yaml', 'new.yaml', '--config', 'broker.yaml');

    expect(stdout.replaceAll(/revision [0-9a-f]{12}/g, 'revision …')).toBe(`\
old.yaml (revision …) to new.yaml (revision …)

lost push on {team}/release/**: group team-{team}
  old: "teams own their namespace" (old.yaml:3) allows pull, push
  new: "teams own their namespace" (new.yaml:3) allows pull, push; "releases come from the pipeline" (new.yaml:12) denies push
  example: user x, in team-y asks repository:y/release:push
  users in files: alice

gained * on the catalog from 10.0.0.0/8: group staff
  old: no rule matches
  new: "the office lists the catalog" (new.yaml:17) allows pull
  example: user x, in staff asks registry:catalog:* from 10.0.0.0
  users in files: carol

2 kinds of decisions changed; each holds for its example, and for others unless another rule decides
`);
    expect(code).toBe(1);
  });

  it('prints the same as JSON', async () => {
    const { code, stdout } = await diff('old.yaml', 'new.yaml', '--format', 'json');

    expect(JSON.parse(stdout)).toMatchObject({
      old: { file: 'old.yaml' },
      new: { file: 'new.yaml' },
      complete: true,
      classes: [
        {
          change: 'lost',
          actions: ['push'],
          subject: 'group team-{team}',
          resource: 'repository:{team}/release/**',
          after: [{ rule: 'teams own their namespace' }, { rule: 'releases come from the pipeline', line: 12 }],
          example: { user: 'x', groups: ['team-y'], scope: 'repository:y/release:push' },
        },
        { change: 'gained', resource: 'registry:catalog', example: { client: '10.0.0.0' } },
      ],
    });
    expect(code).toBe(1);
  });

  it('finds no change when rules are only rewritten, and exits with 0', async () => {
    const { code, stdout } = await diff('old.yaml', 'renamed.yaml');

    expect(stdout).toMatch(/\nno decision changes\n$/);
    expect(code).toBe(0);
  });

  it('names rules whose effect depends on the request, and exits with 1', async () => {
    const { code, stdout } = await diff('imported.yaml', 'imported-too.yaml');

    expect(stdout).toContain('only a request can show what "acl entry 1" (imported.yaml:4) changes');
    expect(stdout).not.toContain('no decision changes');
    expect(code).toBe(1);
    expect((await diff('imported.yaml', 'imported.yaml')).code).toBe(0);
  });

  it.each([
    [['old.yaml', 'bad.yaml'], /bad\.yaml:1:9: rules\.0: expected users, groups or everyone: true/],
    [['missing.yaml', 'old.yaml'], /missing\.yaml: cannot be read \(no such file\)/],
    [['old.yaml'], /missing required argument 'new'/],
  ])('exits with 2 for %j, and says what is wrong', async (args, message) => {
    const { code, stderr, stdout } = await diff(...args);

    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
  });
});

describe('the recipe for a change', () => {
  it('works with the policy that it shows', async () => {
    await using resources = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-change-'));
    resources.defer(() => rm(folder, { recursive: true, force: true }));
    const [next] = recipeTexts('change-a-policy', 'next.yaml');
    const line = {
      event: 'token.issued',
      user: 'alice',
      backend: 'local',
      groups: ['team-web'],
      service: 'r',
      client: '',
    };
    const asked = ['repository:web/release/shop:pull,push', 'repository:web/shop:push'];
    for (const [name, text] of Object.entries({
      'next.yaml': next,
      'policy.yaml': next.replace(/ {2}- name: releases[^]*?(?=tests:)/, '').replace(/tests:[^]*/, ''),
      'broker.yaml': JSON.stringify(BROKER),
      'users.yaml': USERS,
      'fairlead.log': JSON.stringify({ ...line, asked, granted: asked }),
    })) {
      await writeFile(join(folder, name), text);
    }
    const commands = recipeTexts('change-a-policy', 'sh').flatMap((text) => text.trim().split('\n'));

    const results: Result[] = [];
    for (const command of commands) {
      const [program, ...args] = command.split(' ');
      if (program !== 'fairlead') continue;
      results.push(await run(process.execPath, [MAIN, ...args], { cwd: folder }));
    }

    expect(results.map(({ code }) => code)).toEqual([0, 0, 1, 1]);
    expect(results.map(({ stdout }) => stdout)).toEqual([
      expect.stringContaining('2 passed, 0 failed'),
      '2 rules: no findings\n',
      expect.stringContaining('lost push on {team}/release/**: group team-{team}\n'),
      expect.stringContaining('alice (local) loses push on repository:web/release/shop for the service r: 1 time'),
    ]);
  });
});
