/** Real clients against a real registry that trusts the broker: once for each place where people come from. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import { canRunDocker, startDockerd } from '../support/dockerd.ts';
import type { Docker, Dockerd } from '../support/dockerd.ts';
import { writeImage } from '../support/image.ts';
import { findPart } from '../support/parts.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import type { Registry } from '../support/registry.ts';
import { canRunPodman, openPodman, SKOPEO, skopeoPull, skopeoPush } from '../support/skopeo.ts';
import type { Podman } from '../support/skopeo.ts';
import { TEAM_POLICY, USER_SOURCES } from '../support/user-sources.ts';
import type { UserSource } from '../support/user-sources.ts';
import { freePort } from '../support/wait.ts';

const hasRegistry = findPart(DOCKER_REGISTRY) !== undefined;
const hasDocker = canRunDocker();
const hasSkopeo = findPart(SKOPEO) !== undefined;
const hasPodman = canRunPodman();

describe.skipIf(!hasRegistry)('people log in, push and pull', () => {
  const shared = new AsyncDisposableStack();
  let dockerd: Dockerd | undefined;

  beforeAll(async () => {
    if (hasDocker) dockerd = shared.use(await startDockerd());
  });
  afterAll(() => shared.disposeAsync());

  for (const [place, { open: openSource, isHere }] of Object.entries(USER_SOURCES)) {
    describe.skipIf(!isHere())(`with accounts from ${place}`, () => {
      const resources = new AsyncDisposableStack();
      let source: UserSource;
      let registry: Registry;

      beforeAll(async () => {
        source = await openSource(resources);
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
        registry = resources.use(await startRegistry({ port, trust }));
      });
      afterAll(() => resources.disposeAsync());

      describe.skipIf(!hasDocker)('docker', () => {
        let alice: Docker;
        let nobody: Docker;

        beforeAll(async () => {
          if (dockerd === undefined) throw new Error('the Docker Engine is not there');
          alice = await dockerd.person(`alice-${registry.port}`);
          nobody = await dockerd.person(`nobody-${registry.port}`);
          for (const repository of ['web/shop', 'api/shop', 'public/app']) {
            await dockerd.makeImage(`${registry.host}/${repository}:1`);
          }
        });

        it('tells a wrong password in words', async () => {
          const answer = await nobody.login(registry.host, source.people.alice.user, 'not-her-password-9');

          expect(answer.code).toBe(1);
          expect(answer.stderr).toContain('unauthorized: wrong user name or password');
        });

        it('logs in with the right password', async () => {
          const { user, password } = source.people.alice;

          const answer = await alice.login(registry.host, user, password);

          expect(answer).toMatchObject({ code: 0, stdout: expect.stringContaining('Login Succeeded') });
          const config = JSON.parse(await readFile(join(alice.home, 'config.json'), 'utf8')) as { auths: object };
          expect(Object.keys(config.auths)).toEqual([registry.host]);
        });

        it("pushes to the own team's namespace", async () => {
          expect(await alice('push', `${registry.host}/web/shop:1`)).toMatchObject({ code: 0 });
        });

        it("is refused in another team's namespace", async () => {
          const answer = await alice('push', `${registry.host}/api/shop:1`);

          expect(answer.code).toBe(1);
          expect(answer.stderr).toContain('denied: requested access to the resource is denied');
        });

        it('pulls a public image without an account, and no private one', async () => {
          expect(await alice('push', `${registry.host}/public/app:1`)).toMatchObject({ code: 0 });

          const open = await nobody('pull', `${registry.host}/public/app:1`);
          const closed = await nobody('pull', `${registry.host}/web/shop:1`);

          expect(open).toMatchObject({ code: 0 });
          expect(closed.code).toBe(1);
          expect(closed.stderr).toMatch(/denied|unauthorized/);
        });

        it('pulls what was pushed', async () => {
          await alice('rmi', `${registry.host}/web/shop:1`);

          expect(await alice('pull', `${registry.host}/web/shop:1`)).toMatchObject({ code: 0 });
        });
      });

      describe.skipIf(!hasSkopeo)('skopeo and podman', () => {
        let folder: string;
        let image: string;
        let podman: Podman | undefined;

        beforeAll(async () => {
          folder = await mkdtemp(join(tmpdir(), 'fairlead-images-'));
          resources.defer(() => rm(folder, { recursive: true, force: true }));
          image = await writeImage(join(folder, 'image'), 2);
          if (hasPodman) podman = resources.use(await openPodman());
        });

        it('push to the own namespace, and to no other', async () => {
          const own = await skopeoPush(image, `${registry.host}/web/tool:1`, source.people.alice);
          const other = await skopeoPush(image, `${registry.host}/web/tool:1`, source.people.bob);
          const wrong = await skopeoPush(image, `${registry.host}/web/tool:1`, {
            user: source.people.alice.user,
            password: 'not-her-password-9',
          });

          expect(own).toMatchObject({ code: 0 });
          expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('denied') });
          expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('wrong user name or password') });
        });

        it('pull public images without an account, and no private ones', async () => {
          await skopeoPush(image, `${registry.host}/public/tool:1`, source.people.alice);

          const open = await skopeoPull(`${registry.host}/public/tool:1`, join(folder, 'public'));
          const closed = await skopeoPull(`${registry.host}/web/tool:1`, join(folder, 'private'));

          expect(open).toMatchObject({ code: 0 });
          expect(closed.code).toBe(1);
        });

        it.skipIf(!hasPodman)('exchange the same image', async () => {
          if (podman === undefined) throw new Error('podman is not there');
          const { user, password } = source.people.alice;
          const insecure = '--tls-verify=false';
          const name = `${registry.host}/web/tool:1`;

          const login = await podman('login', insecure, '--username', user, '--password', password, registry.host);
          const pull = await podman('pull', insecure, name);
          const push = await podman('push', insecure, name, `docker://${registry.host}/web/again:1`);
          const other = await podman('push', insecure, name, `docker://${registry.host}/api/again:1`);
          const back = await skopeoPull(`${registry.host}/web/again:1`, join(folder, 'again'), source.people.alice);

          expect([login.code, pull.code, push.code, back.code]).toEqual([0, 0, 0, 0]);
          expect(other).toMatchObject({ code: 125, stderr: expect.stringContaining('denied') });
        });
      });
    });
  }
});
