/** The credential helper with the clients of registries: one login in a fresh home, then push and pull. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Broker } from '../support/broker.ts';
import { pageText, printed } from '../support/compatibility-page.ts';
import { BUILD_TIMEOUT } from '../support/crane.ts';
import { fetchBrowser } from '../support/fetch-browser.ts';
import { filesWithSecrets } from '../support/files-with-secrets.ts';
import { freePort } from '../support/free-port.ts';
import { findPart } from '../support/parts.ts';
import { run, start } from '../support/process.ts';
import type { Result } from '../support/process.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import { refreshOf } from '../support/page-forms.ts';
import { noteSecret } from '../support/secrets.ts';
import { ALICE, startStaticBroker, STATIC_CONFIG } from '../support/static-broker.ts';
import type { Client } from '../support/token-client.ts';
import { CLIENTS } from '../support/token-clients.ts';

const SRC = resolve(import.meta.dirname, '../../src');
const HELPER = 'docker-credential-fairlead';
const LOGINS = '.local/state/fairlead/logins.json';

describe.skipIf(findPart(DOCKER_REGISTRY) === undefined)('clients with the credential helper', () => {
  const resources = new AsyncDisposableStack();
  /** podman makes the name of an image of its folder, which is in lower case then. */
  const home = join(tmpdir(), `fairlead-helper-${randomBytes(4).toString('hex')}`);
  const env = {
    HOME: home,
    XDG_RUNTIME_DIR: join(home, 'run'),
    PATH: `${join(home, 'bin')}:${process.env['PATH']}`,
    BROWSER: '/bin/true',
  };
  const clients = new Map<string, Client>();
  let host: string;
  let broker: Broker;
  let token: string;

  const helper = (args: readonly string[], stdin = ''): Promise<Result> => run(HELPER, args, { env, stdin });
  const loginCommand = (): string => `${HELPER} login ${host}`;
  const HERE = CLIENTS.filter(({ isHere }) => isHere());

  const clientNamed = (name: string): Client => {
    const client = clients.get(name);
    if (client === undefined) throw new Error(`${name} is not open`);
    return client;
  };

  /** The page has the name of a registry in place of that of the test. */
  async function expectPageText(name: string, situation: string, result: Result): Promise<void> {
    expect(result.code).not.toBe(0);
    expect(printed(result).replaceAll(host, 'registry.example.com')).toContain(await pageText(name, situation));
  }

  beforeAll(async () => {
    await mkdir(dirname(join(home, 'bin', HELPER)), { recursive: true });
    resources.defer(() => rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
    const port = await freePort();
    host = `localhost:${port}`;
    broker = resources.use(
      await startStaticBroker({
        config: {
          ...STATIC_CONFIG,
          services: { [host]: { anonymous: 'allow', refreshTokens: {} } },
          console: {},
          helper: {},
        },
      }),
    );
    const trust = { realm: broker.realm, service: host, issuer: 'fairlead', rootCertBundle: broker.certificate };
    resources.use(await startRegistry({ port, trust }));
    await writeFile(
      join(home, 'bin', HELPER),
      `#!/bin/sh\nexec ${process.execPath} ${join(SRC, 'helper/main.ts')} "$@"\n`,
    );
    await chmod(join(home, 'bin', HELPER), 0o755);
    for (const { name, open } of HERE) clients.set(name, await open(host, resources, { home, env }));
  }, BUILD_TIMEOUT);
  afterAll(() => resources.disposeAsync());

  it('are configured by one command', async () => {
    expect(await helper(['configure', host])).toMatchObject({ code: 0 });
  });

  describe.each(HERE)('without a login: $name', ({ name }) => {
    it(`${name} is denied a push, and its user reads how to sign in`, async () => {
      const result = await clientNamed(name).push('web/none');

      await expectPageText(name, 'push without a login, or after its end', result);
      expect(result.stderr).toContain(`there is no login at ${host}; run: ${loginCommand()}`);
    });
  });

  it('are signed in by one command and one click', async () => {
    await using login = start(HELPER, ['login', host], { env });
    const [, url = ''] = await login.waitForOutput(/^ {2}(http\S+)$/m);
    const browser = fetchBrowser();
    noteSecret(ALICE.password);
    const site = new URL(url).origin;
    await browser.submit(`${site}/sign-in`, { username: ALICE.user, password: ALICE.password });
    const fields = Object.fromEntries(new URL(url).searchParams);
    const done = await browser.submit(`${site}/authorize`, { ...fields, answer: 'yes' });
    await fetch(refreshOf(done));

    expect((await login.exited).code).toBe(0);
    const { Secret } = JSON.parse((await helper(['get'], host)).stdout) as { Secret: string };
    token = Secret;
    noteSecret(Secret);
    expect(login.output()).not.toContain(Secret);
    expect(login.output()).toContain(`Signed in to ${host} as alice`);
  });

  describe.each(HERE)('with the login: $name', ({ name }) => {
    it(`${name} pushes, and pulls what only members of the team may pull`, async () => {
      const client = clientNamed(name);

      expect(await client.push(`web/${name}`)).toMatchObject({ code: 0 });
      expect(await client.pull(`web/${name}`)).toMatchObject({ code: 0 });
      expect(await client.push(`public/${name}`)).toMatchObject({ code: 0 });
    });
  });

  it('leave the token in one private file, and the password in none', async () => {
    expect(await filesWithSecrets(home, [ALICE.password, token])).toEqual([LOGINS]);
    expect((await stat(join(home, LOGINS))).mode & 0o777).toBe(0o600);
  });

  it('would be found out if one of them stored the password or a token, in whatever form', async () => {
    const basic = Buffer.from(`${ALICE.user}:${ALICE.password}`).toString('base64');
    const planted = {
      'plain.txt': `password=${ALICE.password}`,
      'config.json': JSON.stringify({ auths: { [host]: { auth: basic } } }),
      'identity.json': JSON.stringify({ auth: Buffer.from(`<token>:${token}`).toString('base64') }),
      'log.txt': `POST refresh_token=${encodeURIComponent(token)}`,
      'other-token.txt': `flr_${'x'.repeat(43)}`,
      'registry-token.txt': await registryToken(),
    };
    const folder = join(home, 'work-planted');
    await mkdir(folder);
    for (const [name, text] of Object.entries(planted)) await writeFile(join(folder, name), text);

    expect(await filesWithSecrets(folder, [ALICE.password, token])).toEqual(Object.keys(planted).toSorted());
    await rm(folder, { recursive: true });
  });

  async function registryToken(): Promise<string> {
    const form = { grant_type: 'refresh_token', refresh_token: token, service: host, client_id: 'docker' };
    const response = await fetch(broker.realm, { method: 'POST', body: new URLSearchParams(form) });
    return ((await response.json()) as { access_token: string }).access_token;
  }

  it('find nothing wrong with `doctor`', async () => {
    const { code, stdout } = await helper(['doctor']);

    expect(stdout).not.toContain('problem');
    expect(code).toBe(0);
  });

  it('get the login twenty times at once, without a network', async () => {
    const isolated = (): Promise<Result> => run('unshare', ['--net', HELPER, 'get'], { env, stdin: host });

    const answers = await Promise.all(Array.from({ length: 20 }, isolated));

    expect(answers.map(({ code, stderr }) => `${code}${stderr}`)).toEqual(Array.from({ length: 20 }, () => '0'));
  }, 120_000);

  it('meet a server that has ended all logins', async () => {
    const args = ['tokens', 'revoke', '--all', '--config', join(broker.folder, 'broker.yaml')];

    expect(await run(process.execPath, [join(SRC, 'cli/main.ts'), ...args])).toMatchObject({ code: 0 });
    expect((await helper(['doctor'])).stdout).toContain(`run: ${loginCommand()}`);
  });

  describe.each(HERE)('with a login that the server has ended: $name', ({ name }) => {
    it(`${name} shows what the page says`, async () => {
      await expectPageText(name, 'push after the server has ended the login', await clientNamed(name).push('web/late'));
    });
  });

  it('meet a login that has ended on this machine', async () => {
    const path = join(home, LOGINS);
    await writeFile(path, (await readFile(path, 'utf8')).replace(/"endsAt": \d+/, '"endsAt": 1'));

    expect((await helper(['get'], host)).code).toBe(1);
  });

  describe.each(HERE)('with a login that has ended here: $name', ({ name }) => {
    it(`${name} is denied a push, its user reads the command that signs in, and pulls what is public`, async () => {
      const denied = await clientNamed(name).push('web/late');
      const pulled = await clientNamed(name).pull(`public/${name}`);

      await expectPageText(name, 'push without a login, or after its end', denied);
      for (const { stderr } of [denied, pulled]) {
        expect(stderr).toContain(`the login at ${host} has ended; run: ${loginCommand()}`);
      }
      expect(pulled).toMatchObject({ code: 0 });
    });
  });
});
