/** Refresh tokens with docker, a registry and accounts in a directory. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { canRunContainerd, startContainerd } from '../support/containerd.ts';
import { canRunDocker, startDockerd } from '../support/dockerd.ts';
import type { Docker, Dockerd } from '../support/dockerd.ts';
import { freePort } from '../support/free-port.ts';
import { writeImage } from '../support/image.ts';
import { findPart } from '../support/parts.ts';
import { run } from '../support/process.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import type { Registry } from '../support/registry.ts';
import { ageRefreshTokens, tokensCommand } from '../support/refresh-tokens.ts';
import { noteSecret } from '../support/secrets.ts';
import { SKOPEO } from '../support/skopeo.ts';
import { GROUPS_DN, PEOPLE, PEOPLE_DN } from '../support/slapd-entries.ts';
import { LDAPADD, SLAPD, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { directoryBackend, TEAM_POLICY } from '../support/user-sources.ts';
import { waitFor } from '../support/wait.ts';

const parts = [SLAPD, LDAPADD, DOCKER_REGISTRY].map((part) => findPart(part) !== undefined);
const canRun = canRunDocker() && parts.every(Boolean);
const hasSkopeo = findPart(SKOPEO) !== undefined;
const HOUR = 3600;
const ALICE = { user: 'alice', password: PEOPLE.alice.password };
const ALICE_DN = `uid=alice,${PEOPLE_DN}`;
const RUN_DOCKER_LOGIN = expect.stringMatching(
  /unauthorized: this login has ended; sign in again \(docker login, or docker-credential-fairlead login\) \(request /,
);

interface DockerConfig {
  readonly auths: Readonly<Record<string, { readonly auth: string; readonly identitytoken?: string }>>;
}

describe.skipIf(!canRun)('docker with a refresh token', () => {
  const resources = new AsyncDisposableStack();
  let slapd: Slapd;
  let dockerd: Dockerd;
  let registry: Registry;
  let broker: Broker;
  let alice: Docker;
  let image: string;
  let stateDir: string;
  let startAgain: () => Promise<Broker>;

  beforeAll(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'fairlead-refresh-'));
    resources.defer(() => rm(stateDir, { recursive: true, force: true }));
    slapd = resources.use(await startSlapd({ databaseConfig: 'overlay ppolicy' }));
    noteSecret(slapd.bindPassword);
    const registryPort = await freePort();
    const service = `localhost:${registryPort}`;
    const port = await freePort();
    startAgain = async () =>
      resources.use(
        await startBroker({
          port,
          config: {
            stateDir,
            services: { [service]: { anonymous: 'allow', refreshTokens: { idle: '90m', absolute: '30d' } } },
            backends: [directoryBackend(slapd)],
            policy: 'policy.yaml',
            shield: { remember: '0s' },
          },
          files: { 'policy.yaml': TEAM_POLICY, 'ldap.password': slapd.bindPassword },
          env: { NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${stateDir}` },
        }),
      );
    broker = await startAgain();
    const trust = {
      realm: broker.realm,
      service,
      issuer: 'fairlead',
      rootCertBundle: join(stateDir, 'keys/default.crt'),
    };
    registry = resources.use(await startRegistry({ port: registryPort, trust }));
    dockerd = resources.use(await startDockerd());
    alice = await dockerd.person('alice');
    image = `${registry.host}/web/shop:1`;
    await dockerd.makeImage(image);
  });
  afterAll(() => resources.disposeAsync());

  const push = () => alice('push', image);
  const storedLogin = async () => {
    const config = JSON.parse(await readFile(join(alice.home, 'config.json'), 'utf8')) as DockerConfig;
    return config.auths[registry.host];
  };
  const bindsOfAlice = async (): Promise<number> =>
    (await slapd.settled()).binds.filter((dn) => dn === ALICE_DN).length;
  const change = (attribute: string, value: string | undefined): Promise<void> =>
    slapd.change(
      `dn: ${ALICE_DN}\nchangetype: modify\n` +
        (value === undefined ? `delete: ${attribute}\n` : `replace: ${attribute}\n${attribute}: ${value}\n`),
    );

  it('stores the token after docker login, and no password', async () => {
    const answer = await alice.login(registry.host, ALICE);

    const { auth = '', identitytoken = '' } = (await storedLogin()) ?? {};
    noteSecret(identitytoken);
    expect(answer).toMatchObject({ code: 0, stdout: expect.stringContaining('Login Succeeded') });
    expect(identitytoken).toMatch(/^flr_[A-Za-z0-9_-]{43}$/);
    // The user name, and nothing after the colon.
    expect(Buffer.from(auth, 'base64').toString()).toBe('alice:');
    expect(await readFile(join(alice.home, 'config.json'), 'utf8')).not.toContain(ALICE.password);
  });

  it('pushes after one hour and after two, and sends no password', async () => {
    const before = await bindsOfAlice();

    const pushes = [];
    for (let hour = 1; hour <= 2; hour += 1) {
      ageRefreshTokens(stateDir, HOUR);
      pushes.push(await push());
    }

    for (const answer of pushes) expect(answer).toMatchObject({ code: 0 });
    expect(before).toBeGreaterThan(0);
    expect(await bindsOfAlice()).toBe(before);
    const accepted = (await broker.settledLog()).filter(({ message }) => message === 'refresh token accepted');
    expect(accepted.length).toBeGreaterThan(1);
  });

  it('uses the current groups: cannot push after leaving the team, and can after joining it again', async () => {
    const only = (dn: string): Promise<void> =>
      slapd.change(`dn: cn=team-web,${GROUPS_DN}\nchangetype: modify\nreplace: member\nmember: ${dn}\n`);

    await only(PEOPLE.bob.dn);
    const out = await push();
    await only(ALICE_DN);
    const back = await push();

    expect(out).toMatchObject({ code: 1, stderr: expect.stringContaining('denied: requested access') });
    expect(back).toMatchObject({ code: 0 });
  });

  it.each([
    ['disabled in the directory', 'pwdAccountLockedTime', '000001010000Z', 'locked'],
    ['required to change the password', 'pwdReset', 'TRUE', 'must-change-password'],
  ])('reads "run docker login" at the next push when its owner is %s', async (_what, attribute, value, reason) => {
    await change(attribute, value);
    const refused = await push();
    await change(attribute, undefined);
    const again = await push();

    expect(refused).toMatchObject({ code: 1, stderr: RUN_DOCKER_LOGIN });
    expect(await broker.waitForLine(({ outcome, cause }) => outcome === 'refused' && cause === reason)).toMatchObject({
      user: 'alice',
      backend: 'corp',
    });
    expect(again).toMatchObject({ code: 0 });
  });

  it('reads about an outage while the directory is down, and works when it is up again', async () => {
    await slapd.stop();
    // Docker retries a push for most of a minute.
    const down = await alice('pull', image);
    await slapd.start();
    const back = await waitFor('the directory to be asked again', async () => {
      const answer = await alice('pull', image);
      return answer.code === 0 ? answer : undefined;
    });

    expect(down).toMatchObject({ code: 1, stderr: expect.stringContaining('503 Service Unavailable') });
    expect(back.code).toBe(0);
    expect(await push()).toMatchObject({ code: 0 });
  });

  it.skipIf(!hasSkopeo)('serves skopeo from the same file', async () => {
    const source = await writeImage(join(stateDir, 'image'), 2);
    const { HOME = stateDir } = process.env;

    const copied = await run(
      'skopeo',
      [
        'copy',
        '--dest-tls-verify=false',
        `--dest-authfile=${alice.home}/config.json`,
        source,
        `docker://${image}-skopeo`,
      ],
      { env: { PATH: process.env['PATH'], HOME } },
    );

    expect(copied).toMatchObject({ code: 0 });
  });

  it.skipIf(!canRunContainerd())('serves containerd, which asks by POST, and is refused there in the end', async () => {
    await using containerd = await startContainerd();
    const { identitytoken = '' } = (await storedLogin()) ?? {};
    const archive = join(stateDir, 'image.tar');
    await alice('save', '--output', archive, image);
    await containerd.load(archive);

    const pushed = await containerd.pushWithToken(image, `${image}-containerd`, identitytoken);
    const refused = await containerd.pushWithToken(image, `${image}-refused`, `flr_${'x'.repeat(43)}`);

    expect(pushed).toMatchObject({ code: 0 });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('401 Unauthorized') });
  });

  it('is still valid after the broker was killed', async () => {
    broker.signal('SIGKILL');
    await broker.process.exited;
    broker = await startAgain();

    expect(await push()).toMatchObject({ code: 0 });
  });

  it('leaves no trace in the memory of the broker, and neither does the password', async () => {
    await alice.login(registry.host, ALICE);
    const { identitytoken = '' } = (await storedLogin()) ?? {};
    noteSecret(identitytoken);
    await push();
    // Another request overwrites the buffers of the previous connection.
    await broker.token(`service=${registry.host}`);

    broker.signal('SIGUSR2');
    const file = await waitFor('the heap snapshot', async () =>
      (await readdir(stateDir)).find((name) => name.endsWith('.heapsnapshot')),
    );
    const heap = await waitFor('the whole of it', async () => {
      const text = await readFile(join(stateDir, file), 'utf8');
      return text.trimEnd().endsWith(']}') ? text : undefined;
    });

    expect(identitytoken).toMatch(/^flr_/);
    // The control: a text that is known to be in the heap is found.
    const found = ['replaced by newer ones', identitytoken.slice(4), ALICE.password].map((text) => heap.includes(text));
    expect(found).toEqual([true, false, false]);
  });

  it('is refused as soon as it is revoked, until the next docker login', async () => {
    const revoked = await tokensCommand(broker, 'revoke', '--user', 'alice');
    const refused = await push();
    broker.signal('SIGKILL');
    await broker.process.exited;
    broker = await startAgain();
    const afterKill = await push();
    await alice.login(registry.host, ALICE);
    const afterLogin = await push();

    expect(revoked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^revoked [0-9a-f]{12} of alice for /) });
    for (const answer of [refused, afterKill]) expect(answer).toMatchObject({ code: 1, stderr: RUN_DOCKER_LOGIN });
    expect(afterLogin).toMatchObject({ code: 0 });
  });
});
