/** What a push of many layers costs the directory, and a wrong stored password its owner: counted in the server's log. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import type { Broker, Login } from '../support/broker.ts';
import { canRunContainerd, startContainerd } from '../support/containerd.ts';
import { canRunDocker, startDockerd } from '../support/dockerd.ts';
import { freePort } from '../support/free-port.ts';
import { writeImage } from '../support/image.ts';
import { findPart } from '../support/parts.ts';
import { runOk } from '../support/process.ts';
import type { Result } from '../support/process.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import { noteSecret } from '../support/secrets.ts';
import { canRunPodman, openPodman, SKOPEO } from '../support/skopeo.ts';
import { LDAPADD, SLAPD, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { directoryBackend } from '../support/user-sources.ts';

const LAYERS = 20;
const STALE_PASSWORD = 'the-password-of-last-month-7';
const absent =
  [SLAPD, LDAPADD, DOCKER_REGISTRY, SKOPEO].some((part) => findPart(part) === undefined) ||
  !canRunDocker() ||
  !canRunContainerd() ||
  !canRunPodman();

const POLICY = JSON.stringify({
  rules: [{ name: 'a home each', users: ['*'], repositories: ['users/{user}/**'], allow: ['pull', 'push'] }],
});

/** Pushes the image with the login that is stored for the registry, right or wrong. */
type Push = (to: string, login: Login) => Promise<Result>;

describe.skipIf(absent)(`a push of ${LAYERS} layers`, () => {
  const resources = new AsyncDisposableStack();
  let slapd: Slapd;
  let broker: Broker;
  let registry: string;
  let archive: string;
  const clients = new Map<string, Push>();

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-layers-'));
    resources.defer(() => rm(folder, { recursive: true, force: true }));
    slapd = resources.use(await startSlapd());
    const port = await freePort();
    registry = `localhost:${port}`;
    broker = resources.use(
      await startBroker({
        config: {
          services: { [registry]: {} },
          backends: [directoryBackend(slapd)],
          // The whole push fits in the time a login is remembered, however slow the machine.
          shield: { remember: '15m' },
          policy: 'policy.yaml',
        },
        files: { 'ldap.password': slapd.bindPassword, 'policy.yaml': POLICY },
      }),
    );
    const trust = {
      realm: broker.realm,
      service: registry,
      issuer: 'fairlead',
      rootCertBundle: broker.certificate,
    };
    resources.use(await startRegistry({ port, trust }));
    archive = join(folder, 'image.tar');
    const image = await writeImage(join(folder, 'image'), LAYERS);
    await runOk('skopeo', ['copy', image, `oci-archive:${archive}:docker.io/library/layers:latest`]);
    await runOk('skopeo', ['copy', image, `docker-archive:${folder}/docker.tar:layers:latest`]);
    clients.set('docker', await dockerPush(resources, join(folder, 'docker.tar')));
    clients.set('podman', await podmanPush(resources, join(folder, 'docker.tar')));
    clients.set('containerd', await containerdPush(resources, archive));
  });
  afterAll(() => resources.disposeAsync());

  interface Count {
    /** Binds as this user, and the searches for the user. */
    readonly binds: number;
    readonly searches: number;
    readonly asked: readonly string[];
    readonly result: Result;
  }

  async function count(client: string, login: Login): Promise<Count> {
    const dn = `uid=${login.user},ou=people,${slapd.baseDn}`;
    const seen = async (): Promise<readonly [number, number, number]> => {
      const { binds, searches } = await slapd.settled();
      return [
        binds.filter((bound) => bound === dn).length,
        searches.filter((filter) => filter.includes(`(uid=${login.user})`)).length,
        (await broker.settledLog()).length,
      ];
    };
    const before = await seen();
    const result = await clients.get(client)?.(`${registry}/users/${login.user}/layers:latest`, login);
    const after = await seen();
    if (result === undefined) throw new Error(`there is no ${client}`);
    const asked = (await broker.settledLog())
      .slice(before[2])
      .filter(({ message }) => message === 'token issued' || message === 'token refused')
      .map(({ message }) => message);
    return { result, asked, binds: after[0] - before[0], searches: after[1] - before[1] };
  }

  it.each([
    ['docker', 'alice', 1],
    ['podman', 'bob', 1],
    // It asks by POST, is refused, and asks the same by GET.
    ['containerd', 'carol', 2],
  ] as const)('by %s with a wrong stored password is one bind', async (client, name, requests) => {
    const { result, asked, binds, searches } = await count(client, { user: name, password: STALE_PASSWORD });

    expect(result.code).not.toBe(0);
    expect(asked.length).toBeGreaterThanOrEqual(requests);
    expect(new Set(asked)).toEqual(new Set(['token refused']));
    expect({ binds, searches }).toEqual({ binds: 1, searches: 1 });
  });

  it.each([
    ['docker', 'alice'],
    ['podman', 'bob'],
    ['containerd', 'carol'],
  ] as const)('by %s with the right password is one bind, right after a wrong one', async (client, name) => {
    const { result, asked, binds, searches } = await count(client, {
      user: name,
      password: slapd.people[name].password,
    });

    expect(result).toMatchObject({ code: 0 });
    // A refusal from before may still be on its way: docker asks for several layers at once.
    expect(asked).toContain('token issued');
    expect({ binds, searches }).toEqual({ binds: 1, searches: 1 });
  });

  it.each([
    ['docker', 'alice'],
    ['podman', 'bob'],
    ['containerd', 'carol'],
  ] as const)('by %s a second time is none while the login is remembered', async (client, name) => {
    const { result, binds } = await count(client, { user: name, password: slapd.people[name].password });

    expect(result).toMatchObject({ code: 0 });
    expect(binds).toBe(0);
  });
});

/** `docker login` keeps no wrong password: one that has become wrong since stands in config.json. */
async function dockerPush(resources: AsyncDisposableStack, tar: string): Promise<Push> {
  const dockerd = resources.use(await startDockerd());
  const owner = await dockerd.person('owner');
  const loaded = await owner('load', '--input', tar);
  if (loaded.code !== 0) throw new Error(`docker cannot load the image: ${loaded.stderr}`);
  return async (to, { user, password }) => {
    noteSecret(password, user);
    const person = await dockerd.person(user);
    const auths = { [to.split('/')[0] ?? '']: { auth: Buffer.from(`${user}:${password}`).toString('base64') } };
    await mkdir(person.home, { recursive: true });
    await writeFile(join(person.home, 'config.json'), JSON.stringify({ auths }));
    await owner('tag', 'layers:latest', to);
    return person('push', to);
  };
}

async function podmanPush(resources: AsyncDisposableStack, tar: string): Promise<Push> {
  const podman = resources.use(await openPodman());
  const loaded = await podman('load', '--input', tar);
  if (loaded.code !== 0) throw new Error(`podman cannot load the image: ${loaded.stderr}`);
  return (to, { user, password }) => {
    noteSecret(password, user);
    return podman(
      'push',
      '--tls-verify=false',
      '--creds',
      `${user}:${password}`,
      'docker.io/library/layers:latest',
      to,
    );
  };
}

async function containerdPush(resources: AsyncDisposableStack, tar: string): Promise<Push> {
  const containerd = resources.use(await startContainerd());
  await containerd.load(tar);
  return (to, login) => containerd.push('docker.io/library/layers:latest', to, login);
}
