/** What the commands say about robots, and about the tokens of users and robots. */
import { describe, expect, it } from 'vitest';
import { hashPassword } from '../../../src/backends/password-hash.ts';
import { CONFIG, POLICY, SERVICE, workspace } from './workspace.ts';
import type { Workspace } from './workspace.ts';

const ROBOTS = {
  'web-ci': { owner: { groups: ['team-web'] }, about: 'builds of the web team' },
  mirror: { owner: { users: ['alice'] } },
};
const HASH = await hashPassword('robots-cli-pass-77');
const RULES = POLICY.replace(
  'tests:',
  `  - { name: builds, users: ["robot:web-ci"], repositories: ["web/**"], allow: writer }
tests:
  - { user: "robot:web-ci", scope: "repository:web/release/a:push", expect: [push] }
  - { user: "robot:mirror", scope: "repository:web/a:pull", expect: [] }`,
);

const USERS = {
  users: { alice: { password: HASH, groups: ['team-web'] }, bob: { password: HASH, groups: ['team-api'] } },
};

function open(policy = RULES, robots: object = ROBOTS): Promise<Workspace> {
  const config = { ...CONFIG, personalTokens: {}, robots };
  return workspace({
    'broker.yaml': JSON.stringify(config),
    'policy.yaml': policy,
    'users.yaml': JSON.stringify(USERS),
  });
}

const PUSH = ['--scope', 'repository:web/a:pull,push'];

/** The id and the text of a new token. */
async function create(files: Workspace, args: readonly string[]) {
  const { code, stdout, stderr } = await files.fairlead(['tokens', 'create', '--config', files.config, ...args]);
  return { code, token: stdout.trim(), stderr, id: /token (\w{12}) /.exec(stderr)?.[1] ?? '' };
}

const explain = (files: Workspace, args: readonly string[]) =>
  files.fairlead(['explain', '--config', files.config, ...args]);

describe('fairlead explain', () => {
  it('explains what a robot may do, and to whom it belongs', async () => {
    await using files = await open();

    const { code, stdout } = await explain(files, ['--user', 'robot:web-ci', ...PUSH]);

    expect(code).toBe(0);
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      'robot web-ci, which belongs to group team-web, in no group',
      'repository:web/a:pull,push grants pull, push',
    ]);
    expect(stdout).toContain('allows pull, push for robot web-ci');
  });

  it.each([
    [
      'robot:web-cl',
      'the robot "robot:web-cl" is not configured; expected one of robot:web-ci, robot:mirror; did you mean "robot:web-ci"?',
    ],
    ['Robot:web-ci', 'the robot "Robot:web-ci" is not configured'],
  ])('does not take %s for a robot or a user', async (user, problem) => {
    await using files = await open();

    const { code, stderr } = await explain(files, ['--user', user, ...PUSH]);

    expect({ code, isSaid: stderr.includes(problem) }).toEqual({ code: 2, isSaid: true });
  });

  it('does not put a robot into a group', async () => {
    await using files = await open();

    const { code, stderr } = await explain(files, ['--user', 'robot:web-ci', '--group', 'team-web', ...PUSH]);

    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('a robot is in no group') as string,
    });
  });

  it('says what the limits of a token take away', async () => {
    await using files = await open();
    const limit = `${SERVICE} web/** pull`;

    const { code, stdout } = await explain(files, ['--user', 'alice', '--limit', limit, ...PUSH]);

    expect(code).toBe(1);
    expect(stdout).toContain(`by a token limited to ${limit}\nrepository:web/a:pull,push grants pull\n`);
    expect(stdout).toContain('  the limits of the token leave out push\n');
  });

  it('explains the token of a user by its id', async () => {
    await using files = await open();
    const { id } = await create(files, ['--for', 'alice', '--name', 'laptop', '--limit', `${SERVICE} web/** pull`]);

    const { code, stdout } = await explain(files, ['--token-id', id, ...PUSH]);

    expect(code).toBe(1);
    expect(stdout).toContain('user alice, from backend local, groups: team-web\n');
    expect(stdout).toContain(`by token "laptop" (${id}) of alice, until `);
    expect(stdout).toContain(`which may do ${SERVICE} web/** pull\n`);
    expect(stdout).toContain(`  the limits of token "laptop" (${id}) leave out push\n`);
  });

  it('explains the token of a robot by its id, with the user who created it', async () => {
    await using files = await open();
    const { id } = await create(files, ['--robot', 'web-ci', '--by', 'alice', '--name', 'build']);

    const { code, stdout } = await explain(files, ['--token-id', id, ...PUSH]);

    expect({ code, first: stdout.split('\n')[0] }).toEqual({
      code: 0,
      first: 'robot web-ci, which belongs to group team-web, in no group',
    });
    expect(stdout).toMatch(new RegExp(`^by token "build" \\(${id}\\) of robot:web-ci, .*, created by alice$`, 'm'));
  });

  it('says why a token is refused, and grants nothing by it', async () => {
    await using files = await open();
    const { id } = await create(files, ['--robot', 'mirror', '--by', 'alice', '--from', '10.0.0.0/8']);

    const elsewhere = await explain(files, [
      '--token-id',
      id,
      '--client',
      '192.0.2.1',
      '--scope',
      'repository:public/a:pull',
    ]);
    expect(elsewhere.code).toBe(1);
    expect(elsewhere.stdout).toContain('robot:mirror, whose token is refused: it may not be used from this address');

    await files.write('users.yaml', 'users: {}\n');
    const left = await explain(files, [
      '--token-id',
      id,
      '--client',
      '10.0.0.1',
      '--scope',
      'repository:public/a:pull',
    ]);
    expect(left.code).toBe(1);
    expect(left.stdout).toContain('robot:mirror, whose token is refused: alice at local:');
    expect(left.stdout).not.toContain('grants');
  });
});

it('fairlead explain refuses the token of a broker that offers none any more', async () => {
  await using files = await open();
  const { id } = await create(files, ['--robot', 'web-ci', '--by', 'alice']);
  await files.write('broker.yaml', JSON.stringify({ ...CONFIG, robots: ROBOTS }));

  const { code, stdout } = await explain(files, ['--token-id', id, ...PUSH]);

  expect({ code, isSaid: stdout.includes('refused: personalTokens is not configured') }).toEqual({
    code: 1,
    isSaid: true,
  });
});

describe('fairlead tokens create --robot', () => {
  it('makes a token for an owner of the robot, which list and revoke know', async () => {
    await using files = await open();

    const { code, token, id, stderr } = await create(files, ['--robot', 'robot:web-ci', '--by', 'alice']);

    expect(code).toBe(0);
    expect(token).toMatch(/^flp_\w{49}$/);
    expect(stderr).toContain(`token ${id} (token) of robot:web-ci`);
    const listed = await files.fairlead([
      'tokens',
      'list',
      '--config',
      files.config,
      '--user',
      'robot:web-ci',
      '--format',
      'json',
    ]);
    expect(JSON.parse(listed.stdout)).toMatchObject({
      personalTokens: [{ id, user: 'robot:web-ci', createdFor: 'alice' }],
    });
    const revoked = await files.fairlead(['tokens', 'revoke', '--config', files.config, '--user', 'robot:web-ci']);
    expect(revoked.stdout).toContain(`revoked ${id} of robot:web-ci`);
  });

  it.each<[string, readonly string[], string]>([
    [
      'somebody who does not own the robot',
      ['--robot', 'web-ci', '--by', 'bob'],
      'bob does not own the robot web-ci, which belongs to group team-web',
    ],
    ['a user who does not exist', ['--robot', 'web-ci', '--by', 'carol'], 'no backend knows the user "carol"'],
    ['a robot that is not configured', ['--robot', 'web', '--by', 'alice'], 'the robot "web" is not configured'],
    ['nobody', ['--robot', 'web-ci'], 'expected --for USER; or --robot NAME and --by USER'],
    [
      'a robot and a user',
      ['--robot', 'web-ci', '--by', 'alice', '--for', 'bob'],
      'expected --for USER; or --robot NAME',
    ],
  ])('makes none for %s', async (_what, args, problem) => {
    await using files = await open();

    const { code, token, stderr } = await create(files, args);

    expect({ code, token, isSaid: stderr.includes(problem) }).toEqual({ code: 2, token: '', isSaid: true });
  });
});

it('fairlead tokens revoke --user ends the tokens of robots that belong to the user, and not those of groups', async () => {
  await using files = await open();
  const own = await create(files, ['--for', 'alice']);
  const mirror = await create(files, ['--robot', 'mirror', '--by', 'alice']);
  const build = await create(files, ['--robot', 'web-ci', '--by', 'alice']);

  await files.fairlead(['tokens', 'revoke', '--config', files.config, '--user', 'alice']);

  const { stdout } = await files.fairlead(['tokens', 'list', '--config', files.config]);
  expect([own, mirror, build].map(({ id }) => stdout.includes(id))).toEqual([false, false, true]);
});

it('fairlead who-can lists the robots', async () => {
  await using files = await open();

  const { stdout } = await files.fairlead(['who-can', 'push', 'web/a', '--config', files.config]);

  expect(stdout).toContain('  robot web-ci\n      by rule "builds"');
  expect(stdout).toContain('of the users in files: alice\nof the robots: web-ci\n');
  const json = await files.fairlead(['who-can', 'push', 'web/a', '--config', files.config, '--format', 'json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ users: ['alice'], robots: ['web-ci'] });
});

it('fairlead who-can --tokens lists the tokens by which it can be done, and no others', async () => {
  await using files = await open();
  const whole = await create(files, ['--for', 'alice', '--name', 'whole']);
  const reads = await create(files, ['--for', 'alice', '--name', 'reads', '--limit', `${SERVICE} web/** pull`]);
  const build = await create(files, ['--robot', 'web-ci', '--by', 'alice', '--name', 'build', '--from', '10.0.0.0/8']);
  const mirror = await create(files, ['--robot', 'mirror', '--by', 'alice']);
  const ask = async (): Promise<readonly boolean[]> => {
    const { stdout } = await files.fairlead(['who-can', 'push', 'web/a', '--tokens', '--config', files.config]);
    return [whole, reads, build, mirror].map(({ id }) => stdout.includes(id));
  };

  expect(await ask()).toEqual([true, false, true, false]);

  await files.write('users.yaml', JSON.stringify({ users: { bob: USERS.users.bob } }));
  expect(await ask()).toEqual([false, false, true, false]);
});

it('fairlead test decides tests about robots', async () => {
  await using files = await open();

  const { code, stdout } = await files.fairlead(['test', '--config', files.config]);

  expect({ code, stdout }).toEqual({ code: 0, stdout: 'policy tests: 3 passed, 0 failed\n' });
});

it.each([
  ['user: "robot:web-ci", groups: [team-web]', 'a robot is in no group'],
  ['user: "Robot:web-ci"', 'expected robot:NAME'],
])('a test of a policy with %s is refused', async (subject, problem) => {
  await using files = await open(`${RULES}  - { ${subject}, scope: "repository:a:pull", expect: [] }\n`);

  const { code, stderr } = await files.fairlead(['test', '--config', files.config]);

  expect({ code, isSaid: stderr.includes(problem) }).toEqual({ code: 2, isSaid: true });
});

it('fairlead diff names the robots whose access changes', async () => {
  await using files = await open();
  await files.write('next.yaml', RULES.replace('["robot:web-ci"]', '["robot:*"]'));

  const { code, stdout } = await files.fairlead([
    'diff',
    files.path('policy.yaml'),
    files.path('next.yaml'),
    '--config',
    files.config,
  ]);

  expect(code).toBe(1);
  expect(stdout).toContain(': any robot\n');
  expect(stdout).toContain('  users in files: none\n  robots: mirror\n');
});

describe('fairlead lint', () => {
  it('finds the robots of the configuration that no rule is for, with their line', async () => {
    await using files = await open();

    const { stdout } = await files.fairlead(['lint', '--config', files.config]);

    expect(stdout).toMatch(/broker\.yaml:1: hint: the robot "mirror" is allowed nothing by name/);
    expect(stdout).not.toContain('robot "web-ci" is allowed');
    expect(stdout).toContain('rule "releases" denies any user, but no robot, and rule "builds"');
  });

  it('finds rules for robots that are not configured, only where the configuration is known', async () => {
    await using files = await open(RULES, { mirror: ROBOTS.mirror });

    const known = await files.fairlead(['lint', '--config', files.config]);
    const unknown = await files.fairlead(['lint', files.path('policy.yaml')]);

    expect(known.stdout).toContain('names the robot "robot:web-ci", which is not configured');
    expect(unknown.stdout).not.toContain('is not configured');
    expect(unknown.stdout).not.toContain('mirror');
  });
});
