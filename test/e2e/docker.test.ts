/** Real clients against a real registry that trusts the broker: once for each place where people come from. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import { BUILD_TIMEOUT, canBuildDistribution3, startDistribution3 } from '../support/distribution3.ts';
import { canRunDocker, startDockerd } from '../support/dockerd.ts';
import type { Docker, Dockerd } from '../support/dockerd.ts';
import { freePort } from '../support/free-port.ts';
import { writeImage } from '../support/image.ts';
import { findPart } from '../support/parts.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import type { Registry } from '../support/registry.ts';
import { canRunPodman, openPodman, SKOPEO, skopeoImageId, skopeoPull, skopeoPush } from '../support/skopeo.ts';
import type { Podman } from '../support/skopeo.ts';
import { DIRECTORY, HTPASSWD_FILE, OPENID_PROVIDER, TEAM_POLICY, USERS_FILE } from '../support/user-sources.ts';
import type { UserSource } from '../support/user-sources.ts';

const hasDocker = canRunDocker();
const hasSkopeo = findPart(SKOPEO) !== undefined;
const hasPodman = canRunPodman();
const hasRegistry = findPart(DOCKER_REGISTRY) !== undefined;
const hasDistribution3 = canBuildDistribution3();
const WRONG_PASSWORD = 'not-her-password-9';
const REQUEST_ID = /\(request [0-9a-f-]{36}\)/;

const ROWS = [
  ['a users file', USERS_FILE, 'distribution 2.8', hasRegistry, startRegistry],
  ['an htpasswd file', HTPASSWD_FILE, 'distribution 2.8', hasRegistry, startRegistry],
  ['an LDAP directory', DIRECTORY, 'distribution 2.8', hasRegistry, startRegistry],
  ['an OpenID provider', OPENID_PROVIDER, 'distribution 2.8', hasRegistry, startRegistry],
  ['an LDAP directory', DIRECTORY, 'distribution 3.1', hasDistribution3, startDistribution3],
] as const;

describe('people log in, push and pull', () => {
  const shared = new AsyncDisposableStack();
  let dockerd: Dockerd | undefined;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-images-'));
    shared.defer(() => rm(folder, { recursive: true, force: true }));
    if (hasDocker) dockerd = shared.use(await startDockerd());
  });
  afterAll(() => shared.disposeAsync());

  for (const [place, users, version, hasProgram, openRegistry] of ROWS) {
    describe.skipIf(!hasProgram || !users.isHere())(`with accounts from ${place}, at ${version}`, () => {
      const resources = new AsyncDisposableStack();
      let source: UserSource;
      let registry: Registry;

      beforeAll(async () => {
        source = await users.open(resources);
        const port = await freePort();
        const service = `localhost:${port}`;
        const broker = resources.use(
          await startBroker({
            config: {
              services: { [service]: { anonymous: 'allow' } },
              backends: [source.backend],
              policy: 'policy.yaml',
            },
            files: { ...source.files, 'policy.yaml': TEAM_POLICY },
          }),
        );
        const trust = { realm: broker.realm, service, issuer: 'fairlead', rootCertBundle: broker.certificate };
        registry = resources.use(await openRegistry({ port, trust }));
      }, BUILD_TIMEOUT);
      afterAll(() => resources.disposeAsync());

      describe.skipIf(!hasDocker)('docker', () => {
        let alice: Docker;
        let bob: Docker;
        let nobody: Docker;

        beforeAll(async () => {
          if (dockerd === undefined) throw new Error('the Docker Engine is not there');
          alice = await dockerd.person(`alice-${registry.port}`);
          bob = await dockerd.person(`bob-${registry.port}`);
          nobody = await dockerd.person(`nobody-${registry.port}`);
          for (const repository of ['web/shop', 'api/shop', 'public/app']) {
            await dockerd.makeImage(`${registry.host}/${repository}:1`);
          }
        });

        it('reads what was wrong when the password was', async () => {
          const { user } = source.people.alice;

          const answer = await nobody.login(registry.host, { user, password: WRONG_PASSWORD });

          expect(answer.code).toBe(1);
          expect(answer.stderr.replace(REQUEST_ID, '(request ID)')).toBe(
            `Error response from daemon: Get "http://${registry.host}/v2/": ` +
              'unauthorized: wrong user name or password (request ID)\n',
          );
        });

        it('logs in with the right password', async () => {
          const answers = [
            await alice.login(registry.host, source.people.alice),
            await bob.login(registry.host, source.people.bob),
          ];

          for (const answer of answers) {
            expect(answer).toMatchObject({ code: 0, stdout: expect.stringContaining('Login Succeeded') });
          }
          const config = JSON.parse(await readFile(join(alice.home, 'config.json'), 'utf8')) as { auths: object };
          expect(Object.keys(config.auths)).toEqual([registry.host]);
        });

        it("pushes to the own team's namespace", async () => {
          expect(await alice('push', `${registry.host}/web/shop:1`)).toMatchObject({ code: 0 });
          expect(await bob('push', `${registry.host}/api/shop:1`)).toMatchObject({ code: 0 });
        });

        it("is refused in another team's namespace", async () => {
          const pushes = [
            await alice('push', `${registry.host}/api/shop:1`),
            await bob('push', `${registry.host}/web/shop:1`),
          ];
          const pull = await bob('pull', `${registry.host}/web/shop:1`);

          for (const push of pushes) {
            expect(push).toMatchObject({ code: 1, stderr: 'denied: requested access to the resource is denied\n' });
          }
          expect(pull).toMatchObject({ code: 1, stderr: pullDenied('web/shop') });
        });

        it('pulls a public image without an account, and no private one', async () => {
          expect(await alice('push', `${registry.host}/public/app:1`)).toMatchObject({ code: 0 });
          for (const repository of ['public/app', 'web/shop']) await nobody('rmi', `${registry.host}/${repository}:1`);

          const open = await nobody('pull', `${registry.host}/public/app:1`);
          const closed = await nobody('pull', `${registry.host}/web/shop:1`);
          const push = await bob('push', `${registry.host}/public/app:1`);

          expect(open).toMatchObject({ code: 0, stdout: expect.stringContaining('Downloaded newer image') });
          expect(closed).toMatchObject({ code: 1, stderr: pullDenied('web/shop') });
          expect(push).toMatchObject({ code: 1, stderr: expect.stringContaining('denied: requested access') });
        });

        it('pulls what was pushed', async () => {
          const pull = await alice('pull', `${registry.host}/web/shop:1`);

          expect(pull).toMatchObject({ code: 0, stdout: expect.stringContaining('Downloaded newer image') });
        });

        const pullDenied = (repository: string): string =>
          `Error response from daemon: pull access denied for ${registry.host}/${repository}, ` +
          "repository does not exist or may require 'docker login': denied: requested access to the resource is denied\n";
      });

      describe.skipIf(!hasSkopeo)('skopeo and podman', () => {
        let image: string;
        let podman: Podman | undefined;
        const own = (name: string): string => join(folder, `${registry.port}-${name}`);

        beforeAll(async () => {
          image = await writeImage(own('image'), 2);
          if (hasPodman) podman = resources.use(await openPodman());
        });

        it('push to the own namespace, and to no other', async () => {
          const { alice, bob } = source.people;
          const tool = `${registry.host}/web/tool:1`;

          const right = await skopeoPush(image, tool, alice);
          const other = await skopeoPush(image, tool, bob);
          const wrong = await skopeoPush(image, tool, { ...alice, password: WRONG_PASSWORD });

          expect(right).toMatchObject({ code: 0 });
          expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('denied: requested access') });
          expect(wrong).toMatchObject({
            code: 1,
            stderr: expect.stringContaining('unauthorized: wrong user name or password'),
          });
        });

        it('pull public images without an account, and no private ones', async () => {
          await skopeoPush(image, `${registry.host}/public/tool:1`, source.people.alice);

          const open = await skopeoPull(`${registry.host}/public/tool:1`, own('public'));
          const closed = await skopeoPull(`${registry.host}/web/tool:1`, own('private'));

          expect(open).toMatchObject({ code: 0 });
          expect(closed).toMatchObject({ code: 1, stderr: expect.stringContaining('denied: requested access') });
        });

        it.skipIf(!hasPodman)('podman logs in, and reads that the password was wrong', async () => {
          if (podman === undefined) throw new Error('podman is not there');

          const wrong = await podman.login(registry.host, { ...source.people.alice, password: WRONG_PASSWORD });
          const right = await podman.login(registry.host, source.people.alice);

          expect(wrong).toMatchObject({ code: 125, stderr: expect.stringContaining('invalid username/password') });
          expect(right).toMatchObject({ code: 0, stdout: expect.stringContaining('Login Succeeded') });
        });

        it.skipIf(!hasPodman)('podman pushes to the own namespace alone', async () => {
          if (podman === undefined) throw new Error('podman is not there');
          const tool = `${registry.host}/web/tool:1`;

          const pull = await podman('pull', '--tls-verify=false', tool);
          const push = await podman('push', '--tls-verify=false', tool, `docker://${registry.host}/web/again:1`);
          const other = await podman('push', '--tls-verify=false', tool, `docker://${registry.host}/api/again:1`);

          expect([pull.code, push.code]).toEqual([0, 0]);
          expect(other).toMatchObject({ code: 125, stderr: expect.stringContaining('denied: requested access') });
        });
      });

      it.skipIf(!hasDocker || !hasSkopeo || !hasPodman)(
        'one image goes through all clients and stays the same',
        async () => {
          const { alice: login } = source.people;
          const repository = `${registry.host}/web/travels`;
          await using podman = await openPodman();
          await podman.login(registry.host, login);
          const alice = await dockerd?.person(`alice-${registry.port}`);
          if (dockerd === undefined || alice === undefined) throw new Error('the Docker Engine is not there');
          await dockerd.makeImage(`${repository}:docker`, 3);
          const { stdout: id } = await alice('inspect', '--format', '{{.Id}}', `${repository}:docker`);

          const steps = [
            await alice('push', `${repository}:docker`),
            await skopeoPull(`${repository}:docker`, join(folder, `${registry.port}-travels`), login),
            await skopeoPush(`dir:${join(folder, `${registry.port}-travels`)}`, `${repository}:skopeo`, login),
            await podman('pull', '--tls-verify=false', `${repository}:skopeo`),
            await podman('push', '--tls-verify=false', `${repository}:skopeo`, `docker://${repository}:podman`),
            await alice('rmi', `${repository}:docker`),
            await alice('pull', `${repository}:podman`),
          ];

          for (const step of steps) expect(step).toMatchObject({ code: 0 });
          const { stdout: back } = await alice('inspect', '--format', '{{.Id}}', `${repository}:podman`);
          const stored = [];
          for (const tag of ['docker', 'skopeo', 'podman'])
            stored.push(await skopeoImageId(`${repository}:${tag}`, login));
          expect(id).toMatch(/^sha256:[0-9a-f]{64}\n$/);
          expect([back, ...stored.map((digest) => `${digest}\n`)]).toEqual([id, id, id, id]);
        },
      );
    });
  }
});
