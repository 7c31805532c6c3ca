/** The credential helper with the clients of registries: one login in a fresh home, then push and pull. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Broker } from '../support/broker.ts';
import { BUILD_TIMEOUT, buildCrane, canBuildCrane } from '../support/crane.ts';
import { canRunDocker, startDockerd } from '../support/dockerd.ts';
import type { Dockerd } from '../support/dockerd.ts';
import { fetchBrowser } from '../support/fetch-browser.ts';
import { freePort } from '../support/free-port.ts';
import { writeImage } from '../support/image.ts';
import { findPart } from '../support/parts.ts';
import { run, start } from '../support/process.ts';
import type { Result } from '../support/process.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import type { Registry } from '../support/registry.ts';
import { refreshOf } from '../support/page-forms.ts';
import { noteSecret } from '../support/secrets.ts';
import { canRunPodman, SKOPEO } from '../support/skopeo.ts';
import { ALICE, startStaticBroker, STATIC_CONFIG } from '../support/static-broker.ts';

const canRun = findPart(DOCKER_REGISTRY) !== undefined && findPart(SKOPEO) !== undefined;
const MAIN = resolve(import.meta.dirname, '../../src/helper/main.ts');

describe.skipIf(!canRun)('clients with the credential helper', () => {
  const resources = new AsyncDisposableStack();
  let home: string;
  let env: NodeJS.ProcessEnv;
  let broker: Broker;
  let registry: Registry;
  let dockerd: Dockerd | undefined;
  let image: string;

  const helper = (args: readonly string[], stdin = ''): Promise<Result> =>
    run('docker-credential-fairlead', args, { env, stdin });
  const client = (command: string, ...args: readonly string[]): Promise<Result> => run(command, args, { env });
  const docker = (...args: readonly string[]): Promise<Result> => client('docker', ...args);
  const podman = (...args: readonly string[]): Promise<Result> =>
    client(
      'podman',
      '--root',
      join(home, 'podman'),
      '--runroot',
      join(home, 'run'),
      '--storage-driver=vfs',
      '--cgroup-manager=cgroupfs',
      '--events-backend=none',
      ...args,
    );
  const push = (name: string): Promise<Result> =>
    client('skopeo', 'copy', '--dest-tls-verify=false', image, `docker://${registry.host}/${name}`);

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'fairlead-helper-'));
    resources.defer(() => rm(home, { recursive: true, force: true }));
    const registryPort = await freePort();
    const service = `localhost:${registryPort}`;
    broker = resources.use(
      await startStaticBroker({
        config: {
          ...STATIC_CONFIG,
          services: { [service]: { anonymous: 'allow', refreshTokens: {} } },
          console: {},
          helper: {},
        },
      }),
    );
    const trust = { realm: broker.realm, service, issuer: 'fairlead', rootCertBundle: broker.certificate };
    registry = resources.use(await startRegistry({ port: registryPort, trust }));
    if (canRunDocker()) dockerd = resources.use(await startDockerd());
    image = await writeImage(join(home, 'image'));
    const bin = join(home, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'docker-credential-fairlead'), `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`);
    await chmod(join(bin, 'docker-credential-fairlead'), 0o755);
    env = {
      HOME: home,
      PATH: `${bin}:${process.env['PATH']}`,
      BROWSER: '/bin/true',
      ...(dockerd === undefined ? {} : { DOCKER_HOST: dockerd.host, DOCKER_BUILDKIT: '0' }),
    };
  });
  afterAll(() => resources.disposeAsync());

  it('are anonymous before the login, and say why a push is denied', async () => {
    const { code, stderr } = await push('web/shop:1');

    expect(code).not.toBe(0);
    expect(stderr).toContain('requested access to the resource is denied');
  });

  it('are signed in by one command and one click', async () => {
    await using login = start('docker-credential-fairlead', ['login', registry.host], { env });
    const [, url = ''] = await login.waitForOutput(/^ {2}(http\S+)$/m);
    const browser = fetchBrowser();
    noteSecret(ALICE.password);
    const site = new URL(url).origin;
    await browser.submit(`${site}/sign-in`, { username: ALICE.user, password: ALICE.password });
    const fields = Object.fromEntries(new URL(url).searchParams);
    const done = await browser.submit(`${site}/authorize`, { ...fields, answer: 'yes' });
    await fetch(refreshOf(done));

    expect((await login.exited).code).toBe(0);
    const { Secret } = JSON.parse((await helper(['get'], registry.host)).stdout) as { Secret: string };
    noteSecret(Secret);
    expect(login.output()).not.toContain(Secret);
    expect(login.output()).toContain(`Signed in to ${registry.host} as alice`);
  });

  it('push and pull: skopeo', async () => {
    expect(await push('web/shop:1')).toMatchObject({ code: 0 });
    const pulled = await client('skopeo', 'inspect', '--tls-verify=false', `docker://${registry.host}/web/shop:1`);
    expect(pulled).toMatchObject({ code: 0 });
  });

  it.skipIf(!canRunPodman())('push and pull: podman', async () => {
    const name = `${registry.host}/web/shop:1`;

    expect(await podman('pull', '--quiet', '--tls-verify=false', name)).toMatchObject({ code: 0 });
    expect(await podman('push', '--quiet', '--tls-verify=false', name)).toMatchObject({ code: 0 });
  });

  it.skipIf(!canRunDocker())('push and pull: docker', async () => {
    const name = `${registry.host}/web/docker:1`;
    await dockerd?.makeImage(name);

    expect(await docker('push', name)).toMatchObject({ code: 0 });
    await docker('rmi', name);
    expect(await docker('pull', name)).toMatchObject({ code: 0 });
  });

  it.skipIf(!canBuildCrane())(
    'push and pull: crane, and with it most clients in Go',
    async () => {
      const copied = await client(
        await buildCrane(),
        'copy',
        `${registry.host}/web/shop:1`,
        `${registry.host}/web/crane:1`,
      );

      expect(copied).toMatchObject({ code: 0 });
    },
    BUILD_TIMEOUT,
  );

  it('leave the token in one private file, and the password in none', async () => {
    const files = await readdir(home, { recursive: true, withFileTypes: true });
    const found: string[] = [];
    for (const file of files) {
      const path = join(file.parentPath, file.name);
      if (!file.isFile() || relative(home, path).startsWith('podman/')) continue;
      const text = await readFile(path, 'latin1');
      if (text.includes('flr_') || text.includes(ALICE.password)) found.push(relative(home, path));
    }

    expect(found).toEqual(['.local/state/fairlead/logins.json']);
    expect((await stat(join(home, '.local/state/fairlead/logins.json'))).mode & 0o777).toBe(0o600);
  });

  it('find nothing wrong with `doctor`', async () => {
    const { code, stdout } = await helper(['doctor']);

    expect(stdout).not.toContain('problem');
    expect(code).toBe(0);
  });

  it('get the login twenty times at once, without a network', async () => {
    const isolated = (args: readonly string[]): Promise<Result> =>
      run('unshare', ['--net', 'docker-credential-fairlead', ...args], { env, stdin: registry.host });

    const answers = await Promise.all(Array.from({ length: 20 }, () => isolated(['get'])));

    expect(answers.map(({ code, stderr }) => `${code}${stderr}`)).toEqual(Array.from({ length: 20 }, () => '0'));
  }, 120_000);

  it('show our sentence when the server has ended the login', async () => {
    await run(process.execPath, [
      resolve(import.meta.dirname, '../../src/cli/main.ts'),
      'tokens',
      'revoke',
      '--all',
      '--config',
      join(broker.folder, 'broker.yaml'),
    ]);

    const { code, stderr } = await push('web/shop:2');

    expect(code).not.toBe(0);
    expect(stderr).toContain('this login has ended; sign in again (docker login, or docker-credential-fairlead login)');
  });

  it('show our line when the login has ended on this machine, and still pull what is public', async () => {
    const path = join(home, '.local/state/fairlead/logins.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace(/"endsAt": \d+/, '"endsAt": 1'));

    const outputs = [await push('web/shop:2')];
    if (canRunDocker()) outputs.push(await docker('push', `${registry.host}/web/docker:1`));
    if (canRunPodman()) outputs.push(await podman('push', '--tls-verify=false', `${registry.host}/web/shop:1`));

    for (const { code, stdout, stderr } of outputs) {
      expect(code).not.toBe(0);
      expect(stdout + stderr).toContain(
        `the login at ${registry.host} has ended; run: docker-credential-fairlead login ${registry.host}`,
      );
    }
  });
});
