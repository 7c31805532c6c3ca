/** `fairlead lint` as it is run. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import { run } from '../support/process.ts';
import type { Result } from '../support/process.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-lint-'));
  const broker = `listen: 127.0.0.1:0
publicUrl: http://localhost:5001
services: { registry.example.com: {} }
backends: [{ name: local, type: static-file, file: users.yaml }]
policy: policy.yaml
`;
  await writeFile(join(folder, 'broker.yaml'), broker);
  await writeFile(join(folder, 'users.yaml'), 'users: { alice: { password: { env: HOME }, groups: [team-web] } }\n');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function lint(policy: string, ...more: readonly string[]): Promise<Result> {
  await writeFile(join(folder, 'policy.yaml'), policy);
  return run(process.execPath, [MAIN, 'lint', '--config', join(folder, 'broker.yaml'), ...more], { cwd: folder });
}

const FINE = `rules:
  - { name: teams, groups: ['team-{team}'], repositories: ['{team}/**'], allow: [pull, push] }
tests:
  - { user: alice, groups: [team-web], scope: 'repository:web/a:pull', expect: [pull] }
`;
const FAULTY = `roles: { reader: [pull] }
rules:
  - { name: teams, groups: ['team-{team}'], repositories: ['{team}/**'], allow: [pull, push] }
  - name: web
    groups: [team-wbe]
    repositories: [web/**]
    allow: [pull]
  - { name: no, users: ['*'], repositories: ['api/-/x'], deny: [push] }
`;

it('fairlead lint reports that there are no findings', async () => {
  expect(await lint(FINE)).toMatchObject({ code: 0, stdout: '1 rule: no findings\n' });
});

it('fairlead lint prints each finding with its place, the problem and the cure', async () => {
  const { code, stdout } = await lint(FAULTY);

  expect(code).toBe(1);
  expect(stdout.split('\n')).toEqual([
    'policy.yaml:1: hint: has no tests: nothing detects a change that grants too much or too little',
    '    add tests: (see `fairlead test`)',
    'policy.yaml:1: hint: the role "reader" is used by no rule',
    '    remove it, or correct the rule that means it',
    'policy.yaml:4: warning: rule "web" names the group "team-wbe", which no backend can deliver; did you mean "team-web"?',
    '    correct the name, or the backend’s groups',
    'policy.yaml:8: warning: rule "no" matches no repository with "api/-/x": a part of a name begins and ends with a letter or digit, unlike "-"',
    '    correct the pattern',
    '3 rules: warnings 2, hints 2',
    '',
  ]);
});

it('fairlead lint prints the same as JSON', async () => {
  const { stdout } = await lint(FAULTY, '--format', 'json');

  expect(JSON.parse(stdout)).toMatchObject({
    policy: { rules: 3 },
    complete: true,
    findings: [
      { code: 'no-tests', severity: 'hint' },
      { code: 'unused-role', severity: 'hint' },
      { code: 'no-such-group', severity: 'warning', file: 'policy.yaml', line: 4, rule: 'web' },
      { code: 'matches-no-repository', severity: 'warning', line: 8 },
    ],
  });
});

it('fairlead lint exits with 1 for hints only with --strict', async () => {
  const untested = FINE.slice(0, FINE.indexOf('tests:'));

  expect((await lint(untested)).code).toBe(0);
  expect((await lint(untested, '--strict')).code).toBe(1);
});

it('fairlead lint exits with 2 for a policy that cannot be read', async () => {
  const { code, stderr } = await lint('rules: [{ name: x, alow: [pull] }]\n');

  expect(code).toBe(2);
  expect(stderr).toContain('did you mean "allow"?');
});

it('fairlead lint accepts a policy file without a configuration, and says what it does not compare then', async () => {
  await writeFile(join(folder, 'next.yaml'), FAULTY);

  const { code, stdout, stderr } = await run(process.execPath, [MAIN, 'lint', 'next.yaml'], { cwd: folder });

  expect(code).toBe(1);
  expect(stdout).toContain('next.yaml:8: warning: rule "no" matches no repository');
  expect(stdout).not.toContain('team-wbe');
  expect(stderr).toBe(
    'services, groups, users and robots are not compared with the configuration; give --config to compare them\n',
  );
});
