/** The README's section on LDAP in front of a registry, run as written; only ports and the password are replaced. */
import { readFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRunDocker, startDockerd } from '../support/dockerd.ts';
import { freePort } from '../support/free-port.ts';
import { shellBlocks } from '../support/markdown.ts';
import { findPart } from '../support/parts.ts';
import { run, start } from '../support/process.ts';
import type { Result } from '../support/process.ts';
import { noteSecret, secretsIn } from '../support/secrets.ts';
import { SLAPD, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { httpAnswers } from '../support/wait.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const HEADING = 'LDAP in front of a registry, step by step';
const missing = [SLAPD, { program: 'docker-registry', debian: 'docker-registry' }].some(
  (part) => findPart(part) === undefined,
);

describe.skipIf(missing)('the README', () => {
  const resources = new AsyncDisposableStack();
  const blocks = shellBlocks(join(REPOSITORY, 'README.md')).filter(({ heading }) => heading === HEADING);
  /** The function that readers define once in each terminal. */
  const definition = blocks.find(({ text }) => text.startsWith('fairlead() '))?.text ?? '';
  let folder: string;
  let slapd: Slapd;
  let ports: { readonly broker: number; readonly registry: number };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-readme-'));
    resources.defer(() => rm(folder, { recursive: true, force: true }));
    for (const name of ['src', 'node_modules', 'package.json'])
      await symlink(join(REPOSITORY, name), join(folder, name));
    slapd = resources.use(await startSlapd());
    ports = { broker: await freePort(), registry: await freePort() };
  });
  afterAll(() => resources.disposeAsync());

  /** The block that contains this text, with the addresses of this test. */
  function block(holding: string): string {
    const found = blocks.filter(({ text }) => text.includes(holding));
    if (found.length !== 1) throw new Error(`the README has ${found.length} blocks with "${holding}"`);
    return (found[0]?.text ?? '')
      .replaceAll('127.0.0.1:3890', `127.0.0.1:${slapd.port}`)
      .replaceAll('cn=registry,dc=example,dc=org', slapd.bindDn)
      .replaceAll(/(localhost|127\.0\.0\.1):5001/g, `$1:${ports.broker}`)
      .replaceAll('localhost:5000', `localhost:${ports.registry}`);
  }

  const shell = (script: string, stdin = '', env: Readonly<Record<string, string>> = {}): Promise<Result> =>
    run('bash', ['--norc', '-euo', 'pipefail', '-c', `${definition}\n${script}`], {
      cwd: folder,
      stdin,
      env: { ...process.env, ...env },
    });

  it('sets up a registry, from an empty folder, that gives alice what her group may do', async () => {
    for (const [holding, stdin] of [
      ['mkdir', `${slapd.bindPassword}\n`],
      ['mine/broker.yaml <<'],
      ['mine/policy.yaml <<'],
    ] as const) {
      expect(await shell(block(holding), stdin)).toMatchObject({ code: 0, stderr: '' });
    }

    const check = await shell(block(' check '));
    expect(check.stdout + check.stderr).toContain('policy tests: 4 passed, 0 failed');
    expect(check).toMatchObject({ code: 0, stdout: expect.stringContaining('ok: backend corp answers') });

    const explain = await shell(block(' explain '));
    expect(explain).toMatchObject({ code: 0, stdout: expect.stringContaining('grants pull, push') });
    expect(explain.stdout).toMatch(/rule "teams own their namespace" \(mine\/policy.yaml:\d+\).*for group team-web/);

    // Without npm: the signal of a test reaches one process only, and would leave the broker running.
    const serve = block(' serve ').replace('fairlead', 'exec node src/cli/main.ts');
    await using broker = start('bash', ['-c', serve], { cwd: folder });
    await broker.waitForOutput(/"listening"/);

    const registryConfig = await shell(block(' registry-config '));
    await writeFile(join(folder, 'registry.yaml'), registryYaml(ports.registry, folder) + registryConfig.stdout);
    await using registry = start('docker-registry', ['serve', 'registry.yaml'], { cwd: folder });
    await registry.waitUntil('the registry', () => httpAnswers(`http://127.0.0.1:${ports.registry}/v2/`, 401));

    const { username, password } = slapd.people.alice;
    const tags = (repository: string): Promise<number> => tagsStatus(repository, username, password);
    expect(await tags('web/my-image')).toBe(404);
    expect(await tags('api/my-image')).toBe(401);
    for (const secret of [password, slapd.bindPassword]) noteSecret(secret, username);
    expect(secretsIn(broker.output())).toEqual([]);

    if (!canRunDocker()) return;
    await using dockerd = await startDockerd();
    await dockerd.makeImage('my-image');
    const { home } = await dockerd.person(username);
    // With a login in its configuration, docker looks for no credential helper of this machine.
    await writeFile(join(home, 'config.json'), JSON.stringify({ auths: { 'registry.invalid': {} } }));
    // Without a terminal, docker asks for no password.
    const login = block('docker login').replace('--username alice', '$& --password-stdin');
    const pushed = await shell(login, password, { DOCKER_HOST: dockerd.host, DOCKER_CONFIG: home });
    expect(pushed).toMatchObject({ code: 0, stdout: expect.stringContaining('digest: sha256:') });
    expect(await tags('web/my-image')).toBe(200);
  });

  /** What the registry answers to a list of tags: 404 is "you may look, and there is nothing". */
  async function tagsStatus(repository: string, user: string, password: string): Promise<number> {
    const login = Buffer.from(`${user}:${password}`).toString('base64');
    const query = `service=localhost:${ports.registry}&scope=repository:${repository}:pull,push`;
    const answer = await fetch(`http://127.0.0.1:${ports.broker}/token?${query}`, {
      headers: { authorization: `Basic ${login}` },
    });
    const { token } = (await answer.json()) as { token: string };
    const response = await fetch(`http://127.0.0.1:${ports.registry}/v2/${repository}/tags/list`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return response.status;
  }

  it('opens with the two commands of a fresh machine', async () => {
    const { scripts } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const [first, second] = shellBlocks(join(REPOSITORY, 'README.md'));

    expect([first?.text, second?.text]).toEqual(['npm ci && npm start', 'npm ci && npm run check']);
    expect(scripts).toMatchObject({ start: expect.any(String), check: expect.stringContaining('npm test') });
  });
});

function registryYaml(port: number, folder: string): string {
  return [
    'version: 0.1',
    `http: { addr: "127.0.0.1:${port}" }`,
    `storage: { filesystem: { rootdirectory: "${folder}/images" } }`,
    '',
  ].join('\n');
}
