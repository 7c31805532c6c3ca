import { expect, it } from 'vitest';
import { CONFIG, workspace } from './workspace.ts';

it('fairlead who-can names the rule that allows, with its condition', async () => {
  await using files = await workspace();

  const { code, stdout } = await files.fairlead(['who-can', 'push', 'web/a', '--config', files.config]);

  expect(code).toBe(0);
  expect(stdout.split('\n')).toEqual([
    'who can push web/a:',
    '  members of team-web',
    expect.stringMatching(/^ {6}by rule "web" \(.*policy\.yaml:3\)$/),
    'of the users in files: alice',
    'without a login: no',
    '',
  ]);
});

it('fairlead who-can exits with 1 when nobody may', async () => {
  await using files = await workspace();

  const { code, stdout } = await files.fairlead(['who-can', 'push', 'private/a', '--config', files.config]);

  expect({ code, stdout }).toEqual({ code: 1, stdout: 'nobody can push private/a\nwithout a login: no\n' });
});

it('fairlead who-can says who is granted the action *, and exits with 1 when nobody is', async () => {
  await using files = await workspace();

  const { code, stdout } = await files.fairlead(['who-can', '*', 'web/a', '--config', files.config]);

  expect({ code, stdout }).toEqual({
    code: 1,
    stdout:
      'nobody can do everything (*) in web/a\n' +
      "only rules with allow: ['*'] grant the action *; ask for pull, push or delete for the others\n" +
      'without a login: no\n',
  });
});

it('fairlead who-can says by which rule an allowed push is denied, and with which exception', async () => {
  await using files = await workspace();

  const { stdout } = await files.fairlead(['who-can', 'push', 'web/release/a', '--config', files.config]);

  expect(stdout).toMatch(/ {6}but rule "releases" \(.*policy\.yaml:5\) denies it, unless as user release\n/);
});

it('fairlead who-can prints rules and users as JSON', async () => {
  await using files = await workspace();

  const args = ['who-can', 'pull', 'public/a', '--config', files.config, '--format', 'json'];
  const { code, stdout } = await files.fairlead(args);

  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ action: 'pull', repository: 'public/a', anonymous: true });
});

it.each([
  [['who-can', 'pull', 'Web/A'], /"Web\/A" is not a repository name; expected one such as web\/shop/],
  [['who-can', 'pull', 'web/a', '--service', 'x'], /the service "x" is not configured; expected one of registry/],
])('fairlead %j exits with 2 and says what is expected', async (args, expected) => {
  await using files = await workspace();

  const { code, stdout, stderr } = await files.fairlead([...args, '--config', files.config]);

  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(expected);
});

const OWN = 'rules: [{ name: own, users: ["*"], repositories: ["users/{user}/**"], allow: [push] }]\n';

it('fairlead who-can says that a name in a repository stands for every spelling of it', async () => {
  const backend = { name: 'accounts', type: 'http', url: 'http://127.0.0.1:9/', lowercase: false };
  await using files = await workspace({
    'broker.yaml': JSON.stringify({ ...CONFIG, backends: [backend] }),
    'policy.yaml': OWN,
  });

  const { stdout } = await files.fairlead(['who-can', 'push', 'users/alice/x', '--config', files.config]);

  expect(stdout).toContain('stands for every spelling of it in accounts');
});

it('fairlead check warns of users whose names differ only in case and share repositories', async () => {
  const user = { password: '$2b$04$abcdefghijklmnopqrstuu0pRWh8RFrZ7qBUv6hxWmAhl6VJ2ZkBm' };
  await using files = await workspace({
    'policy.yaml': OWN,
    'users.yaml': JSON.stringify({ users: { alice: user, Alice: user } }),
  });

  const { stdout } = await files.fairlead(['check', '--config', files.config]);

  expect(stdout).toMatch(/warning: .*rule "own" gives the users "alice", "Alice" the same repositories/);
});
