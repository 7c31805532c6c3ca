/** Real clients, real proxies and a registry that checks nothing: the broker decides about each request. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic } from '../support/broker.ts';
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
const hasPodman = canRunPodman() && hasSkopeo;
const hasServers = [DOCKER_REGISTRY, SLAPD].every((part) => findPart(part) !== undefined);

const ROWS = [
  { proxy: 'nginx', mode: 'bearer' },
  { proxy: 'nginx', mode: 'basic' },
  { proxy: 'caddy', mode: 'bearer' },
  { proxy: 'traefik', mode: 'bearer' },
  { proxy: 'envoy', mode: 'bearer' },
] as const;

const DIGEST = `sha256:${'0'.repeat(64)}`;
const JSON_TYPE = /^application\/json/;

/** The output of a client that has succeeded. */
function succeeded({ code, stdout, stderr }: Result): string {
  if (code !== 0) throw new Error(`exit ${code}: ${stdout}${stderr}`);
  return stdout + stderr;
}

/** The output of a client that was refused. A page of the proxy in place of the answer of a registry breaks its message. */
function refused({ code, stdout, stderr }: Result): string {
  expect(code).not.toBe(0);
  expect(stdout + stderr).not.toMatch(/invalid character '<'|<html/i);
  return stdout + stderr;
}

describe.skipIf(!hasServers)('a registry without auth behind a proxy with forward-auth', () => {
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

  for (const { proxy, mode } of ROWS) {
    describe.skipIf(!canRunProxy(proxy))(`${proxy}, mode ${mode}`, () => {
      const resources = new AsyncDisposableStack();
      let world: ForwardAuthWorld;
      /** A folder for a pulled image. */
      const pulled = (name: string): string => join(folder, `${world.host}-${name}`);

      beforeAll(async () => {
        world = resources.use(await openForwardAuthWorld({ proxy, mode }));
      }, DOWNLOAD_TIMEOUT);
      afterAll(() => resources.disposeAsync());

      it.skipIf(!hasDocker)('docker logs in, pushes and mounts, and is refused elsewhere', async () => {
        if (dockerd === undefined) throw new Error('the Docker Engine is not there');
        const { host, people } = world;
        const alice: Docker = await dockerd.person(`alice-${host}`);
        const nobody: Docker = await dockerd.person(`nobody-${host}`);
        await dockerd.makeImage(`${host}/web/shop:1`);
        for (const name of ['web/other', 'api/shop', 'public/app'])
          succeeded(await alice('tag', `${host}/web/shop:1`, `${host}/${name}:1`));

        const wrong = await nobody.login(host, { ...people.alice, password: 'not-her-password-9' });
        expect(refused(wrong)).toMatch(/unauthorized/i);
        succeeded(await alice.login(host, people.alice));
        for (const name of ['web/shop', 'public/app']) succeeded(await alice('push', `${host}/${name}:1`));
        expect(succeeded(await alice('push', `${host}/web/other:1`))).toContain('Mounted from web/shop');
        expect(refused(await alice('push', `${host}/api/shop:1`))).toContain('denied');

        const { stdout: id } = await nobody('inspect', '--format', '{{.Id}}', `${host}/web/shop:1`);
        succeeded(await nobody('rmi', '--force', id.trim()));
        const pull = await nobody('pull', `${host}/public/app:1`);
        // Without a login, docker does not even ask where passwords are wanted.
        if (mode === 'bearer') succeeded(pull);
        else expect(refused(pull)).toContain('no basic auth credentials');
        expect(refused(await nobody('pull', `${host}/web/shop:1`))).toMatch(/denied|no basic auth credentials/);
        succeeded(await alice('pull', `${host}/web/shop:1`));
      });

      it.skipIf(!hasSkopeo)(
        'skopeo pushes, pulls a public image without an account, and is refused elsewhere',
        async () => {
          const { host, people } = world;

          for (const name of ['public/tool', 'web/tool'])
            succeeded(await skopeoPush(image, `${host}/${name}:1`, people.alice));
          succeeded(await skopeoPull(`${host}/public/tool:1`, pulled('public')));
          expect(refused(await skopeoPull(`${host}/web/tool:1`, pulled('web')))).toMatch(/denied|unauthorized/);
          expect(refused(await skopeoPush(image, `${host}/api/tool:1`, people.alice))).toMatch(/denied|403/);
        },
      );

      it.skipIf(!hasPodman)('podman logs in, pulls and pushes, and is refused elsewhere', async () => {
        const { host, people } = world;
        await using podman = await openPodman();
        const tool = `${host}/web/tool:1`;
        const push = (name: string) => podman('push', '--tls-verify=false', tool, `docker://${host}/${name}:1`);

        succeeded(await podman.login(host, people.alice));
        succeeded(await podman('pull', '--tls-verify=false', tool));
        succeeded(await push('web/again'));
        expect(refused(await push('api/again'))).toMatch(/denied|403/);
      });

      it('who may use one repository reaches no other by an unusual request', async () => {
        const { ask, people } = world;
        const anonymous = mode === 'bearer' ? await world.bearer('repository:public/app:pull') : {};
        const list = '/v2/public/app/tags/list';
        const other = '/v2/web/shop/tags/list';
        const statusOf = async (target: string, headers = {}, method = 'GET'): Promise<number> =>
          (await ask({ method, target, headers: { ...anonymous, ...headers } })).status;

        expect([200, 404]).toContain(await statusOf(list));
        for (const target of [
          other,
          '/v2/public/app/../../web/shop/tags/list',
          '/v2/public/..%2fweb/shop/tags/list',
          '/v2//web/shop/tags/list',
          '/v2/./web/shop/tags/list',
          '/v2/web%2fshop/tags/list',
        ])
          expect([target, REFUSED.includes(await statusOf(target))]).toEqual([target, true]);
        for (const name of ['x-original-uri', 'x-forwarded-uri', 'x-original-url'])
          expect(REFUSED).toContain(await statusOf(other, { [name]: list }));
        for (const name of ['x-original-method', 'x-forwarded-method'])
          expect(REFUSED).toContain(await statusOf('/v2/public/app/manifests/1', { [name]: 'GET' }, 'DELETE'));

        const alice = mode === 'bearer' ? await world.bearer(PUBLISH, people.alice) : basic(people.alice);
        expect((await ask({ ...UPLOAD, headers: alice })).status).toBe(202);
        expect(REFUSED).toContain((await ask(hiddenMount(alice))).status);
      });

      it('the log has the address of the client, whatever the client says', async () => {
        const client = '127.0.0.1';
        await world.ask({ target: '/v2//odd', headers: { 'x-forwarded-for': '203.0.113.9' } });

        const line = await world.broker.waitForLine(({ cause }) => typeof cause === 'string' && cause.includes('odd'));
        // Envoy replaces a loopback address by one that it takes for its own.
        expect(line['client']).toBe(proxy === 'envoy' ? '192.0.2.2' : client);
      });

      it.skipIf(!hasSkopeo)('clients read that the directory is down, and public images can be pulled', async () => {
        const { directory, host, people } = world;
        await directory.stop();

        expect(refused(await skopeoPush(image, `${host}/api/tool:1`, people.bob))).toContain('503');
        succeeded(await skopeoPull(`${host}/public/tool:1`, pulled('outage')));
        if (dockerd !== undefined) {
          const bob = await dockerd.person(`bob-${host}`);
          expect(refused(await bob.login(host, people.bob))).toContain('503 Service Unavailable');
        }
        await directory.restore();
      });

      it('clients read that the registry is down', async () => {
        const { ask, registry } = world;
        await registry[Symbol.asyncDispose]();
        const headers = mode === 'bearer' ? await world.bearer('repository:public/app:pull') : {};

        const answer = await ask({ target: '/v2/public/app/tags/list', headers });
        if (proxy === 'traefik') expect(answer).toMatchObject({ status: 502, text: 'Bad Gateway' });
        else expectOutage(answer, /the registry/);
      });

      it('clients read that the broker is down', async () => {
        const { ask, broker, host } = world;
        broker.signal('SIGKILL');
        await broker.process.exited;

        const answer = await ask({ target: '/v2/' });
        // Traefik has no answer of its own but this one.
        if (proxy === 'traefik') expect(answer).toMatchObject({ status: 500, text: '' });
        else expectOutage(answer, /login service cannot be reached; try again soon/);
        if (!hasSkopeo) return;
        const pull = await skopeoPull(`${host}/public/tool:1`, pulled('down'));
        expect(refused(pull)).toContain(String(answer.status));
      });
    });
  }
});

const REFUSED: readonly number[] = [401, 403];
const PUBLISH = 'repository:public/app:pull,push';
const UPLOAD = { method: 'POST', target: '/v2/public/app/blobs/uploads/' } as const;

/** A mount from another repository in a form, which distribution reads before the query. */
function hiddenMount(headers: Readonly<Record<string, string>>) {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  return { ...UPLOAD, headers: { ...headers, ...form }, body: `mount=${DIGEST}&from=web/shop` };
}

it.skipIf(!hasServers || !canRunProxy('nginx'))(
  'a proxy that does not pass on the content type would let a hidden mount pass',
  async () => {
    const edit = (block: string): string => block.replace(/^.*\$http_content_type;\n/m, '');
    await using world = await openForwardAuthWorld({ proxy: 'nginx', edit });

    const alice = await world.bearer(PUBLISH, world.people.alice);
    expect((await world.ask(hiddenMount(alice))).status).toBe(202);
  },
);

function expectOutage({ status, headers, text }: Awaited<ReturnType<ForwardAuthWorld['ask']>>, sentence: RegExp): void {
  expect([status, headers['content-type'], headers['retry-after']]).toEqual([
    503,
    expect.stringMatching(JSON_TYPE),
    '5',
  ]);
  const body = JSON.parse(text) as { readonly errors: readonly unknown[] };
  expect(body.errors).toEqual([{ code: 'UNAVAILABLE', message: expect.stringMatching(sentence) as string }]);
}
