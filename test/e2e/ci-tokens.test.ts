/** CI jobs and pods push with the token their system gives them: docker and skopeo at docker-registry. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import type { Broker, Login } from '../support/broker.ts';
import { AUDIENCE, githubClaims, gitlabClaims, kubernetesClaims } from '../support/ci-claims.ts';
import { canRunDocker, startDockerd } from '../support/dockerd.ts';
import type { Dockerd } from '../support/dockerd.ts';
import { freePort } from '../support/free-port.ts';
import { writeImage } from '../support/image.ts';
import { findPart } from '../support/parts.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import type { Registry } from '../support/registry.ts';
import { SKOPEO, skopeoPull, skopeoPush } from '../support/skopeo.ts';
import { startTokenIssuer } from '../support/token-issuer.ts';
import { waitFor } from '../support/wait.ts';
import type { TokenIssuer } from '../support/token-issuer.ts';

const hasRegistry = findPart(DOCKER_REGISTRY) !== undefined;
const hasSkopeo = findPart(SKOPEO) !== undefined;
const hasDocker = canRunDocker();

const own = (groups: string, repositories: string) => ({
  name: `${groups} own their namespace`,
  groups: [groups],
  repositories: [repositories],
  allow: ['pull', 'push'],
});
const POLICY = JSON.stringify({
  rules: [
    own('repo:{owner}/{name}', '{owner}/{name}/**'),
    own('project:{top}/{name}', '{top}/{name}/**'),
    own('namespace:{namespace}', '{namespace}/**'),
  ],
});

describe.skipIf(!hasRegistry)('jobs log in with their tokens', () => {
  const resources = new AsyncDisposableStack();
  let github: TokenIssuer;
  let gitlab: TokenIssuer;
  let cluster: TokenIssuer;
  let broker: Broker;
  let registry: Registry;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-jobs-'));
    resources.defer(() => rm(folder, { recursive: true, force: true }));
    github = resources.use(await startTokenIssuer());
    gitlab = resources.use(await startTokenIssuer());
    cluster = resources.use(await startTokenIssuer({ algorithm: 'ES256' }));
    const port = await freePort();
    const service = `localhost:${port}`;
    const backend = (name: string, preset: string, issuer: TokenIssuer, more: object = {}) => {
      const { issuer: address, caFile } = issuer;
      return { name, type: 'oidc-token', preset, issuer: address, caFile, audience: AUDIENCE, ...more };
    };
    broker = resources.use(
      await startBroker({
        config: {
          services: { [service]: { anonymous: 'allow' } },
          backends: [
            backend('github', 'github-actions', github, { bound: { repository_owner_id: '65' } }),
            backend('gitlab', 'gitlab-ci', gitlab, { bound: { namespace_path: ['shop', 'shop/*'] } }),
            backend('cluster', 'kubernetes', cluster, { keys: { url: cluster.jwksUrl }, bound: 'everyone' }),
          ],
          policy: 'policy.yaml',
        },
        files: { 'policy.yaml': POLICY },
      }),
    );
    const trust = { realm: broker.realm, service, issuer: 'fairlead', rootCertBundle: broker.certificate };
    registry = resources.use(await startRegistry({ port, trust }));
  });
  afterAll(() => resources.disposeAsync());

  const job = (token: string): Login => ({ user: 'ci', password: token });
  const JOBS = [
    ['a GitHub workflow', () => job(github.sign(githubClaims())), 'octo-org/octo-app', 'octo-org/other'],
    ['a GitLab job', () => job(gitlab.sign(gitlabClaims())), 'shop/web', 'shop/api'],
    ['a pod', () => job(cluster.sign(kubernetesClaims())), 'team-web', 'team-api'],
  ] as const;
  const REFUSED = [
    [
      'for another audience',
      () => job(github.sign(githubClaims({ aud: 'https://github.com/octo-org' }))),
      'wrong-audience',
    ],
    [
      'expired by a minute',
      () => job(github.sign(githubClaims({ exp: Math.floor(Date.now() / 1000) - 60 }))),
      'token-expired',
    ],
    ['unsigned', () => job(github.unsigned(githubClaims())), 'unsigned-token'],
    ['signed with the public key', () => job(github.signWithPublicKey(githubClaims())), 'algorithm-not-allowed'],
    [
      'of an unlisted issuer',
      () => job(github.sign({ ...githubClaims(), iss: 'https://x.example' })),
      'unlisted-issuer',
    ],
    ['of another owner', () => job(github.sign(githubClaims({ repository_owner_id: '66' }))), 'claim-not-bound'],
  ] as const;

  /** Waits for the line of a refusal after the first `seen` lines of the log: it may arrive after the answer. */
  const refusedFor = (reason: string, seen: number): Promise<unknown> =>
    waitFor(`a refusal: ${reason}`, () =>
      broker
        .log()
        .slice(seen)
        .find(({ event, cause }) => event === 'token.refused' && String(cause).includes(reason)),
    );

  describe.skipIf(!hasSkopeo)('with skopeo', () => {
    let image: string;
    beforeAll(async () => {
      image = await writeImage(join(folder, 'image'), 2);
    });

    it.each(JOBS)('%s copies into its own namespace, and into no other', async (_who, login, mine, theirs) => {
      const pushed = await skopeoPush(image, `${registry.host}/${mine}/tool:1`, login());
      const pulled = await skopeoPull(`${registry.host}/${mine}/tool:1`, join(folder, mine.replace('/', '-')), login());
      const denied = await skopeoPush(image, `${registry.host}/${theirs}/tool:1`, login());

      expect([pushed, pulled]).toEqual([expect.objectContaining({ code: 0 }), expect.objectContaining({ code: 0 })]);
      expect(denied).toMatchObject({ code: 1, stderr: expect.stringContaining('denied: requested access') });
    });

    it.each(REFUSED)('a token %s copies nothing', async (_what, login, reason) => {
      const seen = broker.log().length;
      const push = await skopeoPush(image, `${registry.host}/octo-org/octo-app/tool:2`, login());

      expect(push).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('the token given as password is not accepted'),
      });
      await refusedFor(reason, seen);
    });
  });

  describe.skipIf(!hasDocker)('with docker', () => {
    let dockerd: Dockerd;
    beforeAll(async () => {
      dockerd = resources.use(await startDockerd());
    });

    it.each(JOBS)('%s logs in and pushes to its own namespace, and to no other', async (who, login, mine, theirs) => {
      const docker = await dockerd.person(who.replaceAll(' ', '-'));
      const images = [mine, theirs].map((repository) => `${registry.host}/${repository}/app:1`);
      for (const name of images) await dockerd.makeImage(name);

      const loggedIn = await docker.login(registry.host, login());
      const [pushed, denied] = [await docker('push', images[0] ?? ''), await docker('push', images[1] ?? '')];

      expect(loggedIn).toMatchObject({ code: 0, stdout: expect.stringContaining('Login Succeeded') });
      expect(pushed).toMatchObject({ code: 0 });
      expect(denied).toMatchObject({ code: 1, stderr: 'denied: requested access to the resource is denied\n' });
    });

    it.each(REFUSED)(
      'a token %s does not log in, and docker says that it is not accepted',
      async (_what, login, reason) => {
        const seen = broker.log().length;
        const docker = await dockerd.person('refused');

        const answer = await docker.login(registry.host, login());

        expect(answer).toMatchObject({
          code: 1,
          stderr: expect.stringContaining('unauthorized: the token given as password is not accepted'),
        });
        await refusedFor(reason, seen);
      },
    );
  });
});
