/** A person whose account at Keycloak requires a second factor: from the sign-in in Chromium to images of docker. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRunDocker, startDockerd } from '../support/dockerd.ts';
import type { Dockerd } from '../support/dockerd.ts';
import { installHelper, writeProgram } from '../support/helper-program.ts';
import { PEOPLE, TOTP_KEY } from '../support/keycloak-realm.ts';
import { findPart } from '../support/parts.ts';
import { run, start } from '../support/process.ts';
import type { Result } from '../support/process.ts';
import { signInAtKeycloak } from '../support/provider-chromium.ts';
import { PROVIDERS } from '../support/provider-world.ts';
import type { ProviderWorld } from '../support/provider-world.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import type { Registry } from '../support/registry.ts';
import { noteSecret } from '../support/secrets.ts';
import { totp } from '../support/totp.ts';
import { waitFor } from '../support/wait.ts';

const canRun = PROVIDERS.includes('sso') && canRunDocker() && findPart(DOCKER_REGISTRY) !== undefined;
const { secondFactor: otto } = PEOPLE;

interface Parts {
  readonly world: ProviderWorld;
  readonly chromium: Browser;
}

/** In the file of the tests that share Keycloak, which takes long to start. @param parts once they are open */
export function describeSecondFactor(parts: () => Parts): void {
  describe.skipIf(!canRun)('a person with a second factor', () => tests(parts));
}

function tests(parts: () => Parts): void {
  const resources = new AsyncDisposableStack();
  let dockerd: Dockerd;
  let registry: Registry;
  let chromium: Browser;
  /** The address that browsers use. */
  let site: string;

  beforeAll(async () => {
    const { world } = parts();
    ({ chromium } = parts());
    ({ site } = world);
    const { broker, registryPort } = world;
    const service = `localhost:${registryPort}`;
    const trust = { realm: broker.realm, service, issuer: 'fairlead', rootCertBundle: broker.certificate };
    registry = resources.use(await startRegistry({ port: registryPort, trust }));
    dockerd = resources.use(await startDockerd());
    noteSecret(otto.password, otto.username);
  });
  afterAll(() => resources.disposeAsync());

  /** On the pages of Keycloak. It accepts a code once, and the next one early: the second sign-in may follow at once. */
  let signIns = 0;
  function signIn(page: Page): Promise<void> {
    const seconds = Date.now() / 1000 + 30 * signIns;
    signIns += 1;
    return signInAtKeycloak(page, { ...otto, code: () => totp(TOTP_KEY, seconds) });
  }

  async function pushAndPull(docker: (...args: readonly string[]) => Promise<Result>, name: string): Promise<void> {
    await dockerd.makeImage(name);
    expect(await docker('push', name)).toMatchObject({ code: 0 });
    expect(await docker('rmi', name)).toMatchObject({ code: 0 });
    expect(await docker('pull', name)).toMatchObject({ code: 0 });
  }

  it('reads after docker login with the password what to do', async () => {
    const docker = await dockerd.person('with-password');

    const { code, stderr } = await docker.login(registry.host, { user: otto.username, password: otto.password });

    expect(code).not.toBe(0);
    expect(stderr).toContain(
      `unauthorized: passwords are not accepted here; run docker-credential-fairlead login, or sign in with a browser at ${site}/console and create a token`,
    );
  });

  it('is not signed in by the password alone, or with a wrong code', async () => {
    await using context = await chromium.newContext();
    const page = await context.newPage();
    await page.goto(`${site}/sign-in/sso`);
    await signInAtKeycloak(page, { ...otto, code: () => 'no-code' });

    await page.waitForSelector('text=Invalid authenticator code');
    await page.goto(`${site}/console/tokens`);
    expect(new URL(page.url()).pathname).toBe('/sign-in');
  });

  it('pushes and pulls with a token from the console, which docker login takes as the password', async () => {
    await using context = await chromium.newContext();
    const page = await context.newPage();
    await page.goto(`${site}/console/tokens/new`);
    await page.click('text=Continue with Keycloak');
    await signIn(page);
    await page.waitForURL(`${site}/console/tokens/new`);
    await page.fill('[name=name]', 'laptop');
    await page.press('[name=name]', 'Enter');
    await page.waitForURL(`${site}/console/tokens`);
    const [token = ''] = /flp_\w{49}/.exec(await page.content()) ?? [];
    const docker = await dockerd.person('with-token');

    const login = await docker.login(registry.host, { user: otto.username, password: token });

    expect(login).toMatchObject({ code: 0, stdout: expect.stringContaining('Login Succeeded') });
    await pushAndPull(docker, `${registry.host}/users/otto/app:1`);
  });

  it('pushes and pulls with the credential helper, after one command in a fresh home', async () => {
    const home = await mkdtemp(join(tmpdir(), 'fairlead-otto-'));
    resources.defer(() => rm(home, { recursive: true, force: true }));
    const opened = join(home, 'opened');
    await writeProgram(join(home, 'browser'), `printf %s "$1" >${opened}`);
    const env = { ...(await installHelper(home, join(home, 'browser'))), DOCKER_HOST: dockerd.host };
    await using login = start('docker-credential-fairlead', ['login', registry.host], { env });
    await using context = await chromium.newContext();
    const page = await context.newPage();

    await page.goto(await waitFor('the browser', async () => (await readFile(opened, 'utf8')) || undefined));
    await page.click('text=Continue with Keycloak');
    await signIn(page);
    const consent = await page.textContent('main');
    await page.click('button[value=yes]');
    await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/callback/);

    expect(consent).toContain(registry.host);
    expect(await page.textContent('body')).toContain('You are signed in. You can close this page.');
    expect((await login.exited).code).toBe(0);
    expect(login.output()).toContain(`Signed in to ${registry.host} as otto`);
    await pushAndPull((...args) => run('docker', args, { env }), `${registry.host}/users/otto/app:2`);
  });
}
