/** Real clients send the requests that the vectors say they send, to the byte of query and form. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as requestPlain } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPace } from '../../src/conformance/pace.ts';
import { fill } from '../../src/conformance/placeholders.ts';
import { createServer as createTestedServer } from '../../src/conformance/server.ts';
import { requestVectors } from '../../src/conformance/vectors.ts';
import type { Step } from '../../src/conformance/vectors.ts';
import { BUILD_TIMEOUT, canBuildCrane, openCrane } from '../support/crane.ts';
import { canRunDocker, startDockerd } from '../support/dockerd.ts';
import { canRunContainerd, startContainerd } from '../support/containerd.ts';
import { ALICE, ALICE_PASSWORD, startTokenServer } from '../support/faulty-token-server.ts';
import type { FaultName } from '../support/token-server-faults.ts';
import { writeImage } from '../support/image.ts';
import { findPart } from '../support/parts.ts';
import { runOk } from '../support/process.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import type { Registry } from '../support/registry.ts';
import { canRunPodman, openPodman, SKOPEO, skopeoPush } from '../support/skopeo.ts';

interface Recorded {
  readonly method: string;
  readonly query: string;
  readonly form: string;
  readonly hasBasic: boolean;
  readonly contentType: string;
}

const LOGIN = { user: ALICE, password: ALICE_PASSWORD };

/** Passes requests on to a token server, and records them. */
async function startRecorder(target: URL, recorded: Recorded[]) {
  const recorder = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = Buffer.concat(chunks).toString('utf8');
      recorded.push({
        method: request.method ?? '',
        query: (request.url ?? '').replace(/^[^?]*\??/, ''),
        form,
        hasBasic: request.headers.authorization?.startsWith('Basic ') === true,
        contentType: request.headers['content-type'] ?? '',
      });
      const { hostname, port } = target;
      const options = { hostname, port, method: request.method, path: request.url, headers: request.headers };
      requestPlain(options, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      }).end(form);
    });
  });
  recorder.listen(0, '127.0.0.1');
  await once(recorder, 'listening');
  return {
    port: (recorder.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      recorder.closeAllConnections();
      recorder.close();
      await once(recorder, 'close');
    },
  };
}

/** A registry, its token server, and a recorder between clients and the token server. */
interface World {
  readonly registry: Registry;
  /** What is sent while a client works. Refresh tokens are replaced by TOKEN. */
  during(work: () => Promise<unknown>): Promise<readonly Recorded[]>;
  /** The first step of a vector, as it is sent. */
  firstStep(id: string): Promise<Recorded>;
}

async function openWorld(resources: AsyncDisposableStack, folder: string, fault?: FaultName): Promise<World> {
  const recorded: Recorded[] = [];
  const tokens = resources.use(await startTokenServer({ fault }));
  const recorder = resources.use(await startRecorder(tokens.url, recorded));
  const rootCertBundle = join(folder, `${recorder.port}.pem`);
  const { service, issuer, trust } = tokens.description;
  await writeFile(rootCertBundle, trust.certificates?.[0]?.toString() ?? '');
  const realm = `http://localhost:${recorder.port}/token`;
  const registry = resources.use(await startRegistry({ trust: { realm, service, issuer, rootCertBundle } }));
  const pace = createPace({ rate: 100, parallel: 1, deadline: Infinity });
  const tested = createTestedServer(tokens.url, tokens.description, pace);
  return {
    registry,
    during: async (work) => {
      recorded.length = 0;
      await work();
      return recorded.map((request) => ({ ...request, form: request.form.replaceAll(/[0-9a-f-]{36}/g, 'TOKEN') }));
    },
    firstStep: async (id) => {
      const vector = requestVectors.find((each) => each.id === id);
      const step: Step | undefined = vector?.steps[0];
      if (vector === undefined || step === undefined) throw new Error(`there is no vector ${id}`);
      const text = (template = ''): Promise<string> =>
        fill(template.replaceAll('{refresh_token}', 'TOKEN'), tested, vector.encoding);
      return {
        method: step.method,
        query: await text(step.query),
        form: await text(step.form),
        hasBasic: step.authorization === 'basic',
        contentType: step.headers?.find(([name]) => name === 'Content-Type')?.[1] ?? '',
      };
    },
  };
}

describe.skipIf(findPart(DOCKER_REGISTRY) === undefined)('a real client', () => {
  const resources = new AsyncDisposableStack();
  let folder: string;
  let world: World;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-clients-'));
    resources.defer(() => rm(folder, { recursive: true, force: true }));
    world = await openWorld(resources, folder);
  });
  afterAll(() => resources.disposeAsync());

  it.skipIf(findPart(SKOPEO) === undefined)('skopeo asks for a push as podman-push says', async () => {
    const image = await writeImage(join(folder, 'skopeo'));

    const sent = await world.during(() => skopeoPush(image, `${world.registry.host}/team/app:skopeo`, LOGIN));
    expect(sent).toContainEqual(await world.firstStep('podman-push'));
  });

  it.skipIf(!canRunPodman())('podman logs in as podman-login says', async () => {
    await using podman = await openPodman();

    const sent = await world.during(() => podman.login(world.registry.host, LOGIN));
    expect(sent).toContainEqual(await world.firstStep('podman-login'));
  });

  it.skipIf(!canBuildCrane())(
    'crane asks for a push as crane-push says',
    async () => {
      await using crane = await openCrane();
      const alice = await crane.as(world.registry.host, LOGIN);
      const image = await writeImage(join(folder, 'crane'));
      const path = image.replace(/^oci:(.*):latest$/, '$1');

      const sent = await world.during(() => alice('push', path, `${world.registry.host}/team/app:crane`));
      expect(sent).toContainEqual(await world.firstStep('crane-push'));
    },
    BUILD_TIMEOUT,
  );

  it.skipIf(!canRunContainerd())('containerd asks for a push by POST as containerd-push says', async () => {
    const image = await writeImage(join(folder, 'containerd'));
    const archive = join(folder, 'containerd.tar');
    const name = `${world.registry.host}/team/app:containerd`;
    await runOk('skopeo', ['copy', image, `oci-archive:${archive}:${name}`]);
    await using containerd = await startContainerd();
    await containerd.load(archive);

    const sent = await world.during(() => containerd.push(name, name, LOGIN));
    expect(sent).toContainEqual(await world.firstStep('containerd-push'));
  });

  it.skipIf(!canRunDocker())('docker logs in, pushes and pulls as its vectors say', async () => {
    await using dockerd = await startDockerd();
    const withoutRefresh = await openWorld(resources, folder, 'no-refresh-token');
    const alice = await dockerd.person('alice');
    const nobody = await dockerd.person('nobody');
    const name = `${world.registry.host}/team/app:docker`;
    const other = `${withoutRefresh.registry.host}/team/app:docker`;
    for (const image of [name, other]) await dockerd.makeImage(image);

    const sent = await world.during(async () => {
      await alice.login(world.registry.host, LOGIN);
      await alice('pull', name);
    });
    const sentWithPassword = await withoutRefresh.during(async () => {
      await alice.login(withoutRefresh.registry.host, LOGIN);
      await alice('push', other);
      await alice('pull', other);
      await nobody('pull', `${withoutRefresh.registry.host}/public/app:none`);
    });

    for (const id of ['docker-login', 'docker-identity-token']) expect(sent).toContainEqual(await world.firstStep(id));
    for (const id of ['docker-push', 'docker-pull', 'docker-anonymous']) {
      expect(sentWithPassword).toContainEqual(await withoutRefresh.firstStep(id));
    }
  });
});
