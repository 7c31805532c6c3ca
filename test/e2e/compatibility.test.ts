/** The words that users of each client read, as the compatibility page has them, from the clients themselves. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import type { Login } from '../support/broker.ts';
import { pageText, printed } from '../support/compatibility-page.ts';
import { BUILD_TIMEOUT, canBuildCrane, openCrane } from '../support/crane.ts';
import { canRunDocker, startDockerd } from '../support/dockerd.ts';
import { freePort } from '../support/free-port.ts';
import { writeImage } from '../support/image.ts';
import { findPart } from '../support/parts.ts';
import type { Result } from '../support/process.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import { canRunPodman, openPodman, SKOPEO, skopeoPull, skopeoPush } from '../support/skopeo.ts';
import { startUserService, USERS } from '../support/user-service.ts';
import type { UserService } from '../support/user-service.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';

const ALICE: Login = { user: 'alice', password: USERS.alice.password };
const BOB: Login = { user: 'bob', password: USERS.bob.password };
const WRONG: Login = { user: 'alice', password: 'not-what-alice-knows' };
const OUTAGE = { status: 500 } as const;

/** What one client does: log in or the nearest that it has, push to a repository, and pull from one. */
interface Client {
  readonly login: (who: Login) => Promise<Result>;
  readonly push: (who: Login, repository: string) => Promise<Result>;
  readonly pull: (who: Login, repository: string) => Promise<Result>;
}

const hasRegistry = findPart(DOCKER_REGISTRY) !== undefined;
const CLIENTS = [
  ['docker', canRunDocker(), openDockerClient],
  ['podman', canRunPodman() && findPart(SKOPEO) !== undefined, openPodmanClient],
  ['skopeo', findPart(SKOPEO) !== undefined, openSkopeoClient],
  ['crane', canBuildCrane(), openCraneClient],
] as const;

describe.skipIf(!hasRegistry)('the user reads what the compatibility page says', () => {
  for (const [name, isHere, open] of CLIENTS) {
    describe.skipIf(!isHere)(`with ${name}`, () => {
      const resources = new AsyncDisposableStack();
      let client: Client;
      let service: UserService;

      beforeAll(async () => {
        const port = await freePort();
        const host = `localhost:${port}`;
        service = resources.use(await startUserService());
        const broker = resources.use(
          await startBroker({
            config: {
              services: { [host]: { anonymous: 'allow' } },
              backends: [{ name: 'accounts', type: 'http', url: service.url }],
              policy: 'policy.yaml',
            },
            files: { 'policy.yaml': TEAM_POLICY },
          }),
        );
        const trust = { realm: broker.realm, service: host, issuer: 'fairlead', rootCertBundle: broker.certificate };
        resources.use(await startRegistry({ port, trust }));
        client = await open(host, resources);
      }, BUILD_TIMEOUT);
      afterAll(() => resources.disposeAsync());

      async function expectText(situation: string, result: Result): Promise<void> {
        expect(result.code).not.toBe(0);
        expect(printed(result)).toContain((await pageText(name, situation)) ?? 'a text in the cell');
      }

      it('when everything is allowed: no error at all', async () => {
        expect(await client.push(ALICE, 'web/app')).toMatchObject({ code: 0 });
        expect(await client.pull(ALICE, 'web/app')).toMatchObject({ code: 0 });
      });

      it('after a wrong password', async () => {
        await expectText('wrong password', await client.login(WRONG));
      });

      it('when a push is denied', async () => {
        await expectText('denied push', await client.push(BOB, 'web/app'));
      });

      it('when a pull is denied', async () => {
        await expectText('denied pull', await client.pull(BOB, 'web/app'));
      });

      it('during an outage', async () => {
        service.script(OUTAGE);
        const answer = await client.login({ user: 'carol', password: 'carol-is-asked-first-here' });
        service.script(undefined);
        await expectText('outage', answer);
      });

      it('after too many wrong passwords', async () => {
        for (const password of ['first-wrong-pass', 'second-wrong-pass', 'third-wrong-pass']) {
          await client.login({ user: 'alice', password });
        }
        await expectText(
          'too many wrong passwords',
          await client.login({ user: 'alice', password: 'fourth-wrong-one' }),
        );
      });
    });
  }
});

async function openDockerClient(host: string, resources: AsyncDisposableStack): Promise<Client> {
  const dockerd = resources.use(await startDockerd());
  const loggedIn = async (who: Login) => {
    const person = await dockerd.person(who.user);
    await person.login(host, who);
    return person;
  };
  return {
    login: async (who) => (await dockerd.person(`${who.user}-${who.password.length}`)).login(host, who),
    push: async (who, repository) => {
      await dockerd.makeImage(`${host}/${repository}:1`);
      return (await loggedIn(who))('push', `${host}/${repository}:1`);
    },
    pull: async (who, repository) => {
      const person = await loggedIn(who);
      await person('image', 'rm', '--force', `${host}/${repository}:1`);
      return person('pull', `${host}/${repository}:1`);
    },
  };
}

async function openPodmanClient(host: string, resources: AsyncDisposableStack): Promise<Client> {
  const podman = resources.use(await openPodman());
  const tool = `${host}/web/tool:1`;
  await skopeoPush(await imageIn(resources), tool, ALICE);
  await podman.login(host, ALICE);
  await podman('pull', '--tls-verify=false', tool);
  const as = async (who: Login) => {
    await podman('logout', host);
    return podman.login(host, who);
  };
  return {
    login: as,
    push: async (who, repository) => {
      await as(who);
      return podman('push', '--tls-verify=false', tool, `docker://${host}/${repository}:1`);
    },
    pull: async (who, repository) => {
      await as(who);
      return podman('pull', '--tls-verify=false', `${host}/${repository}:1`);
    },
  };
}

async function openSkopeoClient(host: string, resources: AsyncDisposableStack): Promise<Client> {
  const image = await imageIn(resources);
  const folder = await emptyFolder(resources);
  const pull = (who: Login, repository: string) =>
    skopeoPull(`${host}/${repository}:1`, join(folder, `${Math.random()}`), who);
  return {
    login: (who) => pull(who, 'web/app'),
    push: (who, repository) => skopeoPush(image, `${host}/${repository}:1`, who),
    pull,
  };
}

async function openCraneClient(host: string, resources: AsyncDisposableStack): Promise<Client> {
  const crane = resources.use(await openCrane());
  const image = (await imageIn(resources)).replace(/^oci:|:latest$/g, '');
  const call = async (who: Login, ...args: readonly string[]): Promise<Result> => (await crane.as(host, who))(...args);
  return {
    login: (who) => call(who, 'manifest', `${host}/web/app:1`),
    push: (who, repository) => call(who, 'push', image, `${host}/${repository}:1`),
    pull: (who, repository) => call(who, 'manifest', `${host}/${repository}:1`),
  };
}

async function imageIn(resources: AsyncDisposableStack): Promise<string> {
  return writeImage(await emptyFolder(resources));
}

async function emptyFolder(resources: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-image-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
