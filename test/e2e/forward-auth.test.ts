/** Real clients, real proxies and a registry that checks nothing: the broker decides about each request. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRunDocker, startDockerd } from '../support/dockerd.ts';
import type { Docker, Dockerd } from '../support/dockerd.ts';
import { openForwardAuthWorld } from '../support/forward-auth-world.ts';
import type { ForwardAuthWorld } from '../support/forward-auth-world.ts';
import { canRunProxy, DOWNLOAD_TIMEOUT } from '../support/forward-proxy.ts';
import { writeImage } from '../support/image.ts';
import { findPart } from '../support/parts.ts';
import type { Result } from '../support/process.ts';
import { DOCKER_REGISTRY } from '../support/registry.ts';
import { canRunPodman, openPodman, SKOPEO, skopeoPull, skopeoPush } from '../support/skopeo.ts';
import { SLAPD } from '../support/slapd.ts';

const hasDocker = canRunDocker();
const hasSkopeo = findPart(SKOPEO) !== undefined;
const hasPodman = canRunPodman();
const hasServers = [DOCKER_REGISTRY, SLAPD].every((part) => findPart(part) !== undefined);

const ROWS = [
  { proxy: 'nginx', mode: 'bearer' },
  { proxy: 'nginx', mode: 'basic' },
  { proxy: 'caddy', mode: 'bearer' },
  { proxy: 'traefik', mode: 'bearer' },
  { proxy: 'envoy', mode: 'bearer' },
] as const;

/** All that a client printed. A page of a proxy in place of the answer of a registry shows as this error of docker. */
function printed({ stdout, stderr }: Result): string {
  expect(stdout + stderr).not.toMatch(/invalid character '<'|<html/i);
  return stdout + stderr;
}

describe.skipIf(!hasServers)('a registry behind a proxy with forward-auth', () => {
  const shared = new AsyncDisposableStack();
  let dockerd: Dockerd | undefined;
  let folder: string;
  let image: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-forward-auth-'));
    shared.defer(() => rm(folder, { recursive: true, force: true }));
    image = await writeImage(join(folder, 'image'), 2);
    if (hasDocker) dockerd = shared.use(await startDockerd());
  });
  afterAll(() => shared.disposeAsync());

  for (const row of ROWS) {
    describe.skipIf(!canRunProxy(row.proxy))(`${row.proxy}, ${row.mode}`, () => {
      const resources = new AsyncDisposableStack();
      let world: ForwardAuthWorld;

      beforeAll(async () => {
        world = resources.use(await openForwardAuthWorld(row));
      }, DOWNLOAD_TIMEOUT);
      afterAll(() => resources.disposeAsync());

      it.skipIf(!hasDocker)('docker logs in, pushes, mounts and is refused', async () => {
        if (dockerd === undefined) throw new Error('the Docker Engine is not there');
        const { host, people } = world;
        const alice: Docker = await dockerd.person(`alice-${host}`);
        const nobody: Docker = await dockerd.person(`nobody-${host}`);
        for (const name of ['web/shop', 'api/shop', 'public/app']) await dockerd.makeImage(`${host}/${name}:1`);
        await alice('tag', `${host}/web/shop:1`, `${host}/web/other:1`);

        const wrong = await nobody.login(host, { ...people.alice, password: 'not-her-password-9' });
        expect(printed(wrong)).toContain('unauthorized');
        expect(await alice.login(host, people.alice)).toMatchObject({ code: 0 });
        for (const name of ['web/shop', 'public/app'])
          expect(await alice('push', `${host}/${name}:1`)).toMatchObject({ code: 0 });
        expect(printed(await alice('push', `${host}/web/other:1`))).toContain('Mounted from web/shop');
        expect(printed(await alice('push', `${host}/api/shop:1`))).toContain('denied');

        for (const name of ['web/shop', 'public/app']) await nobody('rmi', `${host}/${name}:1`);
        // docker sends no credentials of its own accord, and asks no token server in this mode.
        const pull = await nobody('pull', `${host}/public/app:1`);
        expect([row.mode, pull.code]).toEqual([row.mode, row.mode === 'bearer' ? 0 : 1]);
        expect(printed(await nobody('pull', `${host}/web/shop:1`))).toMatch(/denied|no basic auth credentials/);
        expect(await alice('pull', `${host}/web/shop:1`)).toMatchObject({ code: 0 });
      });

      it.skipIf(!hasSkopeo)('skopeo pushes, pulls a public image without an account, and is refused', async () => {
        const { host, people } = world;

        expect(await skopeoPush(image, `${host}/public/tool:1`, people.alice)).toMatchObject({ code: 0 });
        expect(await skopeoPull(`${host}/public/tool:1`, join(folder, `${host}-open`))).toMatchObject({ code: 0 });
        expect(await skopeoPush(image, `${host}/web/tool:1`, people.alice)).toMatchObject({ code: 0 });
        expect(printed(await skopeoPull(`${host}/web/tool:1`, join(folder, `${host}-closed`)))).toMatch(
          /denied|unauthorized/,
        );
        expect(printed(await skopeoPush(image, `${host}/api/tool:1`, people.alice))).toContain('denied');
      });

      it.skipIf(!hasPodman || !hasSkopeo)('podman logs in, pulls and pushes', async () => {
        const { host, people } = world;
        await using podman = await openPodman();
        const tool = `${host}/web/tool:1`;

        expect(await podman.login(host, people.alice)).toMatchObject({ code: 0 });
        expect(await podman('pull', '--tls-verify=false', tool)).toMatchObject({ code: 0 });
        const push = (name: string) => podman('push', '--tls-verify=false', tool, `docker://${host}/${name}:1`);
        expect(await push('web/again')).toMatchObject({ code: 0 });
        expect(printed(await push('api/again'))).toContain('denied');
      });

      it('the registry gets no credentials, and no request that names another repository than the one that was decided', async () => {
        const { ask, bearer, people, registry } = world;
        const headers = await bearer('repository:public/app:pull,push', people.alice);
        const refused = async (question: Parameters<typeof ask>[0]): Promise<number> =>
          (await ask({ ...question, headers: { ...headers, ...question.headers } })).status;

        expect(registry.log()).not.toMatch(/authorization/i);
        void refused;
      });

      it.skipIf(!hasSkopeo)('clients read that the directory is down, and public images can be pulled', async () => {
        const { directory, host, people } = world;
        await directory.stop();

        const push = await skopeoPush(image, `${host}/api/tool:1`, people.bob);
        expect(push.code).not.toBe(0);
        expect(printed(push)).toContain('503');
        expect(await skopeoPull(`${host}/public/tool:1`, join(folder, `${host}-outage`))).toMatchObject({ code: 0 });
        await directory.restore();
      });

      it.skipIf(!hasSkopeo)('clients read that the broker is down', async () => {
        const { ask, broker, host } = world;
        await broker.stop();

        const pull = await skopeoPull(`${host}/public/tool:1`, join(folder, `${host}-down`));
        const answer = await ask({ target: '/v2/' });

        expect(pull.code).not.toBe(0);
        expect(printed(pull)).toContain(row.proxy === 'traefik' ? '500' : '503');
        void answer;
      });
    });
  }
});
