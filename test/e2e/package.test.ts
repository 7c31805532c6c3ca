/** The package that `npm pack` makes, installed in a folder without the repository. */
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, start } from '../support/process.ts';
import { httpAnswers } from '../support/wait.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const BIG_POLICY_RULES = 1000;
const HELPER = 'docker-credential-fairlead';

let folder: string;
let command: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-package-'));
  const packed = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT });
  expect(packed).toMatchObject({ code: 0 });
  const [tarball = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  const installed = await run('npm', ['install', '--no-audit', '--no-fund', '--omit=dev', tarball], { cwd: folder });
  expect(installed, installed.stderr).toMatchObject({ code: 0 });
  command = bin('fairlead');
}, 300_000);

const bin = (name: string): string => join(folder, 'node_modules/.bin', name);

afterAll(() => rm(folder, { recursive: true, force: true }));

const fairlead = (args: readonly string[]) => run(process.execPath, [command, ...args], { cwd: folder });

it('can be built from the files that the image copies, and from no other', async () => {
  const dockerfile = await readFile(join(ROOT, 'docker/Dockerfile'), 'utf8');
  const ignored = await readFile(join(ROOT, 'docker/Dockerfile.dockerignore'), 'utf8');
  const [build = ''] = dockerfile.split(/^FROM .* AS dependencies$/m);
  const copied = [...build.matchAll(/^COPY (.*) \S+$/gm)].flatMap(([, names = '']) => names.split(' '));
  const context = join(folder, 'image');
  for (const name of copied) await cp(join(ROOT, name), join(context, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(context, 'node_modules'));

  const built = await run(process.execPath, ['docker/package/bundle.ts'], { cwd: context });

  expect(built, built.stderr).toMatchObject({ code: 0 });
  expect(await readdir(join(context, 'dist'))).toEqual(expect.arrayContaining(['fairlead.cjs', `${HELPER}.cjs`]));
  expect(copied.filter((name) => !ignored.split('\n').includes(`!${name.replace(/^\.\//, '')}`))).toEqual([]);
});

describe('the installed package', () => {
  it('has the command `fairlead`, without the sources and tests', async () => {
    expect(await fairlead(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    const files = await readdir(join(folder, 'node_modules/fairlead'));
    expect(files).toEqual(expect.arrayContaining(['dist', 'config', 'README.md', 'LICENSE', 'package.json']));
    expect(files.filter((name) => ['src', 'test'].includes(name))).toEqual([]);
  });

  it.each(['fairlead', HELPER])('names the version of Node.js that %s needs, on an older one', async (name) => {
    const old = await run('/usr/bin/env', ['-i', 'PATH=/usr/bin:/bin', 'node', bin(name), '--version']);
    const { stdout: version } = await run('/usr/bin/env', ['-i', 'PATH=/usr/bin:/bin', 'node', '--version']);

    // Debian 12 has Node 18 or 20; where `node` is new enough, the command works.
    const isOld = Number(/^v(\d+)/.exec(version)?.[1]) < 24;
    expect(old).toMatchObject(
      isOld ? { code: 2, stderr: `${name}: needs Node 24.7 or newer, and this is ${version}` } : { code: 0 },
    );
  });

  it('has the credential helper, which clients start by its name in PATH', async () => {
    const registry = 'registry.example.com';
    const login = { ServerURL: registry, Username: '<token>', Secret: 'of-the-test' };
    const home = join(folder, 'home');
    const env = { HOME: home, PATH: `${dirname(process.execPath)}:${join(folder, 'node_modules/.bin')}:/usr/bin:/bin` };
    const helper = (verb: string, stdin: string) => run(HELPER, [verb], { env, stdin });

    const before = await helper('get', registry);
    const stored = await helper('store', JSON.stringify(login));
    const after = await helper('get', registry);

    expect(before).toMatchObject({
      code: 1,
      stdout: 'credentials not found in native keychain\n',
      stderr: `${HELPER}: there is no login at ${registry}; run: ${HELPER} login ${registry}\n`,
    });
    expect(stored).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(after.stdout)).toEqual(login);
    expect(await readdir(join(home, '.local/state/fairlead'))).toEqual(['logins.json']);
  });

  it('runs a broker, whose threads read a big policy and hold the refresh tokens', async () => {
    const rules = Array.from(
      { length: BIG_POLICY_RULES },
      (_, index) =>
        `  - { name: rule ${index}, groups: [team-${index}], repositories: ["team-${index}/**"], allow: pull }`,
    );
    const { stdout: hash } = await run(process.execPath, [command, 'hash-password'], { stdin: 'a good password\n' });
    await writeFile(join(folder, 'policy.yaml'), ['rules:', ...rules, ''].join('\n'));
    await writeFile(join(folder, 'users.yaml'), `users: { alice: { password: "${hash.trim()}", groups: [team-7] } }\n`);
    await writeFile(
      join(folder, 'broker.yaml'),
      [
        'listen: 127.0.0.1:0',
        'publicUrl: http://localhost:5001',
        'stateDir: state',
        'services: { registry: { refreshTokens: {} } }',
        'backends: [{ name: local, type: static-file, file: users.yaml }]',
        'policy: policy.yaml',
        '',
      ].join('\n'),
    );

    await using broker = start(process.execPath, [command, 'serve', '--config', 'broker.yaml'], { cwd: folder });
    const [, url = ''] = await broker.waitForOutput(/"address":"(http:[^"]+)"/);
    await broker.waitUntil('readiness', () => httpAnswers(`${url}/readyz`, 200));
    const answer = await fetch(`${url}/token?service=registry&scope=repository:team-7/app:pull&offline_token=true`, {
      headers: { authorization: `Basic ${Buffer.from('alice:a good password').toString('base64')}` },
    });

    expect(await answer.json()).toMatchObject({ token: expect.any(String), refresh_token: expect.any(String) });
    expect(await broker.stop()).toMatchObject({ code: 0 });
  });
});
