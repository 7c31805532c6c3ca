/** Files that are wrong when a broker starts, and files that change while it runs. */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import type { Broker, LogLine } from '../support/broker.ts';
import { run } from '../support/process.ts';
import { ALICE, ASK_WEB, granted, startStaticBroker, STATIC_CONFIG, usersYaml } from '../support/static-broker.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';
import { waitFor } from '../support/wait.ts';

const READERS_POLICY = TEAM_POLICY.replace('"pull","push"', '"pull"');
const NEW_PASSWORD = 'a-new-password-44';

/** The loud line: it names what was not reloaded, and its cause the place. */
const notReloaded =
  (what: string, cause: RegExp) =>
  (line: LogLine): boolean =>
    line.level === 'error' && line.message.startsWith(`${what} NOT reloaded`) && cause.test(String(line['cause']));

async function policyState(broker: Broker): Promise<unknown> {
  const { policy } = (await (await fetch(`${broker.url}/readyz`)).json()) as { policy: { stale: boolean } };
  return policy.stale;
}

describe('files that are invalid at the start', () => {
  it.each([
    [
      'broker.yaml',
      { config: { ...STATIC_CONFIG, polcy: 'policy.yaml' } },
      /broker\.yaml:\d+:3: polcy: .*did you mean "policy"/,
    ],
    [
      'policy.yaml',
      { files: { 'policy.yaml': 'rules:\n  - name: a\n    evryone: true\n' } },
      /policy\.yaml:3:5: rules\.0\.evryone: .*did you mean "everyone"/,
    ],
  ])('a misspelt key in %s ends serve and check with 2 and its place', async (_file, options, message) => {
    await using broker = await startStaticBroker({ ...options, ready: false });

    const served = await broker.process.exited;
    const checked = await run(process.execPath, [MAIN, 'check', '--config', join(broker.folder, 'broker.yaml')]);

    expect([served.code, checked.code]).toEqual([2, 2]);
    expect(broker.process.stderr()).toMatch(message);
    expect(checked.stderr).toMatch(message);
  });
});

describe('a policy whose own tests fail', () => {
  const tests = [{ user: 'eve', scope: 'repository:web/a:push', expect: ['push'] }];
  const FAILING = JSON.stringify({ ...(JSON.parse(READERS_POLICY) as object), tests });
  const failure = /policy\.yaml:1:\d+: tests\.0: the test fails: eve asks repository:web\/a:push/;

  it('keeps the broker from starting', async () => {
    await using broker = await startStaticBroker({ files: { 'policy.yaml': FAILING }, ready: false });

    expect((await broker.process.exited).code).toBe(2);
    expect(broker.process.stderr()).toMatch(failure);
  });

  it('leaves the old policy in force', async () => {
    await using broker = await startStaticBroker();
    await broker.write('policy.yaml', FAILING);
    await broker.waitForLine(notReloaded('policy', failure));

    expect([await granted(broker), await policyState(broker)]).toEqual(['pull,push', true]);
  });

  it('is used with a warning where the configuration says so', async () => {
    const config = { ...STATIC_CONFIG, policy: { file: 'policy.yaml', onFailedTests: 'warn' } };
    await using broker = await startStaticBroker({ config });
    await broker.write('policy.yaml', FAILING);
    await broker.waitForLine(({ level, warning }) => level === 'warn' && failure.test(String(warning)));
    await broker.waitForLine(({ message }) => message === 'policy reloaded');

    expect([await granted(broker), await policyState(broker)]).toEqual(['pull', false]);
  });
});

describe('a policy that names a service which is not configured', () => {
  it('leaves the old policy in force, because a deny with it would deny nothing', async () => {
    const written = JSON.parse(TEAM_POLICY) as { readonly rules: readonly object[] };
    const frozen = { everyone: true, services: ['registry.exmaple.com'], repositories: ['**'], deny: ['push'] };
    await using broker = await startStaticBroker();
    const before = await policyState(broker);

    await broker.write(
      'policy.yaml',
      JSON.stringify({ ...written, rules: [...written.rules, { name: 'frozen', ...frozen }] }),
    );
    await broker.waitForLine(notReloaded('policy', /rules\.3\.services\.0: .*did you mean "registry\.example\.com"/));

    expect([before, await policyState(broker)]).toEqual([false, true]);
  });
});

describe('files that change while the broker runs', () => {
  it('put a new policy in force, but an invalid one leaves the old one in force', async () => {
    await using broker = await startStaticBroker();
    const atFirst = await granted(broker);

    await broker.write('policy.yaml', 'rules: [{ name: broken, everyone: true, allow: pul }]');
    await broker.waitForLine(notReloaded('policy', /policy\.yaml:1:\d+/));
    const whileBad = [await granted(broker), await policyState(broker)];
    await broker.write('policy.yaml', '');
    await waitFor('the second line', () => broker.log().filter(notReloaded('policy', /./)).length === 2);
    const whileEmpty = [await granted(broker), await policyState(broker)];
    await broker.write('policy.yaml', READERS_POLICY);
    await waitFor('the new policy', async () => (await granted(broker)) === 'pull');

    expect(atFirst).toBe('pull,push');
    expect(whileBad).toEqual(['pull,push', true]);
    expect(whileEmpty).toEqual(['pull,push', true]);
    expect(await policyState(broker)).toBe(false);
  });

  it('keep the counts of wrong passwords when only the policy changes', async () => {
    await using broker = await startStaticBroker();
    const guess = async (password: string): Promise<number> =>
      (await broker.token(ASK_WEB, { user: ALICE.user, password })).status;
    const before: number[] = [];
    for (const password of ['a', 'b', 'c', 'd', 'e']) before.push(await guess(password));

    await broker.write('policy.yaml', READERS_POLICY);
    await broker.waitForLine(({ message }) => message === 'policy reloaded');

    expect(before).toEqual([401, 401, 401, 401, 429]);
    expect(await guess('f')).toBe(429);
    expect((await broker.settledLog()).some(({ message }) => message.startsWith('backend'))).toBe(false);
  });

  it('add users and replace passwords, but an invalid file changes nothing', async () => {
    await using broker = await startStaticBroker();
    const status = async (password: string): Promise<number> =>
      (await broker.token(ASK_WEB, { ...ALICE, password })).status;
    expect(await status(ALICE.password)).toBe(200);

    await broker.write('users.yaml', 'users: { alice: { pasword: x } }');
    await broker.waitForLine(notReloaded('backend local', /users\.yaml:1:\d+/));
    const whileBad = await status(ALICE.password);
    await broker.write('users.yaml', await usersYaml(NEW_PASSWORD));
    await waitFor('the new users', async () => (await status(NEW_PASSWORD)) === 200);

    expect(whileBad).toBe(200);
    expect(await status(ALICE.password)).toBe(401);
  });

  it('are noticed when a symbolic link is swapped, as Kubernetes does', async () => {
    await using resources = new AsyncDisposableStack();
    const mounted = await mkdtemp(join(tmpdir(), 'fairlead-mounted-'));
    resources.defer(() => rm(mounted, { recursive: true, force: true }));
    for (const [version, policy, password] of [
      ['v1', TEAM_POLICY, ALICE.password],
      ['v2', READERS_POLICY, NEW_PASSWORD],
    ] as const) {
      await mkdir(join(mounted, version));
      await writeFile(join(mounted, version, 'policy.yaml'), policy);
      await writeFile(join(mounted, version, 'users.yaml'), await usersYaml(password));
    }
    await symlink('v1', join(mounted, '..data'));
    for (const name of ['policy.yaml', 'users.yaml']) await symlink(`..data/${name}`, join(mounted, name));
    const broker = resources.use(
      await startStaticBroker({
        config: {
          ...STATIC_CONFIG,
          backends: [{ name: 'local', type: 'static-file', file: join(mounted, 'users.yaml') }],
          policy: join(mounted, 'policy.yaml'),
        },
      }),
    );
    expect(await granted(broker)).toBe('pull,push');

    await symlink('v2', join(mounted, '..data_tmp'));
    await rename(join(mounted, '..data_tmp'), join(mounted, '..data'));
    const login = { ...ALICE, password: NEW_PASSWORD };
    await waitFor('the mounted users', async () => (await broker.token(ASK_WEB, login)).status === 200);

    // Each file is watched by itself.
    await waitFor('the mounted policy', async () => (await granted(broker, login)) === 'pull');
  });

  it('are read again at SIGHUP', async () => {
    await using broker = await startStaticBroker();
    const reloaded = (): number => broker.log().filter(({ message }) => message.endsWith(' reloaded')).length;
    const before = reloaded();

    broker.signal('SIGHUP');
    await broker.waitForLine(({ message }) => message === 'policy reloaded');
    await broker.waitForLine(({ message }) => message === 'signing keys reloaded');
    await broker.waitForLine(({ message }) => message === 'backend local reloaded');

    expect([before, reloaded()]).toEqual([0, 3]);
    expect(await granted(broker)).toBe('pull,push');
  });

  it('do not end the broker when SIGHUP comes while it starts', async () => {
    await using broker = await startStaticBroker({ ready: false });
    await broker.process.waitForOutput(/signing key made/);

    broker.signal('SIGHUP');
    await broker.waitForLine(({ message }) => message === 'backend local reloaded');
    const stopped = await broker.stop();

    expect(stopped).toEqual({ code: 0, signal: null });
  });
});
