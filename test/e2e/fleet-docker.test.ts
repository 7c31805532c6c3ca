/** Docker with a refresh token, at a registry whose realm is three brokers with one PostgreSQL. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Broker } from '../support/broker.ts';
import { canRunDocker, startDockerd } from '../support/dockerd.ts';
import type { Docker } from '../support/dockerd.ts';
import { kill } from '../support/halt.ts';
import { startOutageProxy } from '../support/outage-proxy.ts';
import { findPart } from '../support/parts.ts';
import { canRunPostgres, migrated, startPostgres } from '../support/postgres.ts';
import type { Result } from '../support/process.ts';
import { startRecordsBroker } from '../support/records-broker.ts';
import { idOf, tokensCommand } from '../support/refresh-tokens.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import { noteSecret } from '../support/secrets.ts';
import { ALICE, SERVICE, usersYaml } from '../support/static-broker.ts';

const canRun = [canRunDocker(), canRunPostgres(), findPart(DOCKER_REGISTRY) !== undefined].every(Boolean);
const REFUSED = {
  code: 1,
  stderr: expect.stringMatching(
    /unauthorized: this login has ended; sign in again \(docker login, or docker-credential-fairlead login\) \(request /,
  ),
};

describe.skipIf(!canRun)('docker with a refresh token of a fleet', () => {
  const resources = new AsyncDisposableStack();
  let first: Broker;
  let second: Broker;
  let third: Broker;
  /** Has all requests from now on go to this broker, as a load balancer does. */
  let route: (broker: Broker) => Promise<void>;
  let alice: Docker;
  let host: string;
  let image: string;

  beforeAll(async () => {
    const postgres = resources.use(await migrated(await startPostgres()));
    // One users file: a refresh token is bound to the password hash of its user.
    const files = { 'users.yaml': await usersYaml() };
    const start = async (): Promise<Broker> =>
      resources.use(await startRecordsBroker(postgres, { files, records: { timeout: '5s' } }));
    const brokers = [await start(), await start(), await start()] as const;
    [first, second, third] = brokers;
    let { port } = first;
    const balancer = resources.use(await startOutageProxy(() => port));
    route = (broker) => {
      ({ port } = broker);
      // Connections that docker keeps would go on to the previous broker.
      return balancer.restore();
    };
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-fleet-'));
    resources.defer(() => rm(folder, { recursive: true }));
    const certificates = await Promise.all(brokers.map(({ certificate }) => readFile(certificate, 'utf8')));
    const rootCertBundle = join(folder, 'brokers.crt');
    await writeFile(rootCertBundle, certificates.join('\n'));
    const realm = `http://localhost:${balancer.port}/token`;
    const registry = resources.use(
      await startRegistry({ trust: { realm, service: SERVICE, issuer: 'fairlead', rootCertBundle } }),
    );
    ({ host } = registry);
    const dockerd = resources.use(await startDockerd());
    alice = await dockerd.person('alice');
    image = `${host}/web/shop:1`;
    await dockerd.makeImage(image);
  });
  afterAll(() => resources.disposeAsync());

  /** @returns the refresh token that docker has stored */
  async function logIn(broker: Broker): Promise<string> {
    await route(broker);
    expect(await alice.login(host, ALICE)).toMatchObject({ code: 0 });
    const config = JSON.parse(await readFile(join(alice.home, 'config.json'), 'utf8')) as {
      readonly auths: Readonly<Record<string, { readonly identitytoken: string }>>;
    };
    const token = config.auths[host]?.identitytoken ?? '';
    noteSecret(token);
    return token;
  }

  async function pushThrough(broker: Broker): Promise<Result> {
    await route(broker);
    return alice('push', image);
  }

  const accepted = async (broker: Broker, token: string): Promise<number> =>
    (await broker.settledLog()).filter(
      ({ message, refreshToken }) => message === 'refresh token accepted' && refreshToken === idOf(token),
    ).length;

  it('pushes through another broker after docker login at one, and is refused when a third one revokes the token', async () => {
    const token = await logIn(first);

    const pushed = await pushThrough(second);
    const revoked = await tokensCommand(third, 'revoke', idOf(token));
    const refused = [await pushThrough(second), await pushThrough(first)];
    await logIn(third);
    const afterLogin = await pushThrough(second);

    expect(pushed).toMatchObject({ code: 0 });
    expect(await accepted(second, token)).toBeGreaterThan(0);
    expect(await accepted(first, token)).toBe(0);
    expect(revoked).toMatchObject({ code: 0, stdout: expect.stringContaining(`revoked ${idOf(token)} of alice`) });
    expect(refused).toMatchObject([REFUSED, REFUSED]);
    expect(afterLogin).toMatchObject({ code: 0 });
  });

  it('pushes, and is refused after the token is revoked, when the broker that has issued it is gone', async () => {
    const token = await logIn(first);
    await kill(first.process.pid);

    const pushed = await pushThrough(second);
    const revoked = await tokensCommand(third, 'revoke', idOf(token));
    const refused = await pushThrough(second);

    expect(pushed).toMatchObject({ code: 0 });
    expect(revoked).toMatchObject({ code: 0 });
    expect(refused).toMatchObject(REFUSED);
  });
});
