/** Sign-in as people do it: Chromium, a broker as a process, and a real OpenID provider on another site. */
import { createServer } from 'node:http';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Broker } from '../support/broker.ts';
import { hasChromium, startChromium } from '../support/chromium.ts';
import { freePort } from '../support/free-port.ts';
import { startOpenIdProvider } from '../support/openid-provider.ts';
import type { OpenIdProvider } from '../support/openid-provider.ts';
import { holdCallback } from '../support/provider-chromium.ts';
import { noteSecret } from '../support/secrets.ts';
import { signInClient } from '../support/sign-in-backend.ts';
import { ALICE, SERVICE, startStaticBroker } from '../support/static-broker.ts';

const LIST = '/console/sign-ins';

describe.skipIf(!hasChromium())('sign-in in Chromium', () => {
  const resources = new AsyncDisposableStack();
  let chromium: Browser;
  let broker: Broker;
  let provider: OpenIdProvider;
  /** The address that browsers use. Cookies of `localhost` are not those of the provider at 127.0.0.1. */
  let home: string;
  /** A page of another site, which sends what an attacker makes it send. */
  let evil: string;

  beforeAll(async () => {
    const [port, providerPort, nowhere] = [await freePort(), await freePort(), await freePort()];
    home = `http://localhost:${port}`;
    provider = resources.use(
      await startOpenIdProvider({
        port: providerPort,
        atBrowser: () => 'bob',
        client: signInClient(`${home}/sign-in/callback`),
      }),
    );
    const client = { id: provider.clientId, secret: { env: 'SSO_CLIENT_SECRET' } };
    broker = resources.use(
      await startStaticBroker({
        port,
        env: { SSO_CLIENT_SECRET: provider.clientSecret },
        config: {
          services: { [SERVICE]: { anonymous: 'allow' } },
          console: { admins: { groups: ['team-web'] } },
          backends: [
            { name: 'local', type: 'static-file', file: 'users.yaml' },
            { name: 'sso', type: 'oidc-sign-in', label: 'Example account', issuer: provider.issuer, client },
            { name: 'gone', type: 'oidc-sign-in', issuer: `http://127.0.0.1:${nowhere}`, client },
          ],
          policy: 'policy.yaml',
        },
      }),
    );
    evil = await servePage(resources, providerPort);
    chromium = await startChromium();
    resources.defer(() => chromium.close());
  });
  afterAll(() => resources.disposeAsync());

  /** A person with a browser of their own. */
  async function person(): Promise<{ readonly context: BrowserContext; readonly page: Page } & AsyncDisposable> {
    const context = await chromium.newContext();
    const page = await context.newPage();
    return { context, page, [Symbol.asyncDispose]: () => context.close() };
  }

  const pathOf = (page: Page): string => new URL(page.url()).pathname;

  async function signInWithPassword(page: Page): Promise<void> {
    await page.goto(`${home}${LIST}`);
    await page.fill('[name=username]', ALICE.user);
    noteSecret(ALICE.password, ALICE.user);
    await page.fill('[name=password]', ALICE.password);
    await page.press('[name=password]', 'Enter');
    await page.waitForURL(`**${LIST}`);
  }

  it('goes to the provider and back, with small cookies that no script reads and no other site sends', async () => {
    await using bob = await person();
    const problems: string[] = [];
    bob.page.on('console', (message) => {
      if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) problems.push(message.text());
    });
    await bob.page.goto(`${home}${LIST}`);
    await bob.page.click('text=Continue with Example account');
    await bob.page.waitForURL(`**${LIST}`);

    const cookies = await bob.context.cookies(home);
    for (const { value } of cookies) noteSecret(value);
    expect(cookies).toMatchObject([{ name: 'fairlead-dev', httpOnly: true, sameSite: 'Lax', path: '/' }]);
    expect(JSON.stringify(cookies.map(({ name, value }) => name + value)).length).toBeLessThan(1024);
    expect(await bob.page.evaluate('document.cookie')).toBe('');
    expect(await bob.page.textContent('.person')).toContain('bob');
    expect(problems).toEqual([]);
  });

  it('brings two tabs to their own pages, whichever comes back first', async () => {
    await using bob = await person();
    const [first, second] = [bob.page, await bob.context.newPage()];
    const callback = await holdCallback(first);
    let hasArrived = false;
    const arrival = first
      .goto(`${home}/sign-in/sso?to=${encodeURIComponent(`${LIST}?tab=1`)}`)
      .finally(() => (hasArrived = true));
    await callback.reached;
    await second.goto(`${home}/sign-in/sso?to=${encodeURIComponent(`${LIST}?tab=2`)}`);
    const wasFirst = hasArrived;
    await callback.release();
    await arrival;

    expect(wasFirst).toBe(false);
    expect([new URL(first.url()).search, new URL(second.url()).search]).toEqual(['?tab=1', '?tab=2']);
  });

  it('leads back from the console to the console, and after the sign-out to the sign-in', async () => {
    await using alice = await person();
    await signInWithPassword(alice.page);
    await alice.page.goBack();
    const afterSignIn = pathOf(alice.page);
    await alice.page.goto(`${home}${LIST}`);
    await alice.page.click('text=Sign out');
    await alice.page.waitForURL('**/sign-out');
    const signedOut = await alice.page.textContent('h1');
    await alice.page.goBack();

    expect(afterSignIn).toBe(LIST);
    expect(signedOut).toBe('You are signed out');
    expect(pathOf(alice.page)).toBe('/sign-in');
  });

  it('says that the provider cannot be reached, on a page with status 503', async () => {
    await using bob = await person();

    const response = await bob.page.goto(`${home}/sign-in/gone`);

    expect(response?.status()).toBe(503);
    expect(await bob.page.textContent('h1')).toBe('The sign-in service cannot be reached');
  });

  it('is not reached by forms of another site, neither to sign somebody in nor to sign somebody out', async () => {
    await using alice = await person();
    await signInWithPassword(alice.page);
    const before = await alice.context.cookies(home);
    const statuses: (number | undefined)[] = [];
    for (const path of ['/sign-in', '/sign-out', `${LIST}/end-others`]) {
      await alice.page.goto(evil);
      const answer = alice.page.waitForResponse((one) => one.url() === `${home}${path}`);
      await alice.page.evaluate(`send(${JSON.stringify(home + path)}, { username: 'mallory', password: 'x' })`);
      const response = await answer;
      await alice.page.waitForURL(`${home}${path}`);
      statuses.push(response.status());
    }

    expect(statuses).toEqual([403, 403, 403]);
    expect(await alice.context.cookies(home)).toEqual(before);
    await alice.page.goto(`${home}${LIST}`);
    expect(pathOf(alice.page)).toBe(LIST);
  });

  it('is shown in no frame of another site', async () => {
    await using alice = await person();
    await signInWithPassword(alice.page);
    const framed = async (url: string): Promise<string> => {
      await alice.page.goto(evil);
      await alice.page.evaluate(`frame(${JSON.stringify(url)})`);
      const text = alice.page.frames()[1]?.evaluate('document.body.innerText');
      return String(await text?.catch(() => 'blocked'));
    };

    expect(await framed(evil)).toContain('another site');
    expect(await framed(`${home}${LIST}`)).not.toContain('Your sign-ins');
  });

  it('leaves no cookie of a session in the log or in the records', async () => {
    await using alice = await person();
    await signInWithPassword(alice.page);
    const [{ value } = { value: '' }] = await alice.context.cookies(home);
    const state = join(broker.folder, 'state');
    const files = (await readdir(state)).filter((name) => name.startsWith('fairlead.db'));
    const stored = await Promise.all(files.map((name) => readFile(join(state, name), 'latin1')));

    expect(value).toMatch(/^[\w-]{43}$/);
    expect(stored.join('')).toContain('"signedInAt"');
    expect([...stored, broker.process.output()].filter((text) => text.includes(value))).toEqual([]);
  });
});

/** @param taken the port of the provider, on the same site */
async function servePage(resources: AsyncDisposableStack, taken: number): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(`<!doctype html><title>another site</title><script>
      function send(action, fields) {
        const form = document.createElement('form');
        Object.assign(form, { method: 'POST', action });
        for (const [name, value] of Object.entries(fields)) form.append(Object.assign(document.createElement('input'), { name, value }));
        document.body.append(form);
        form.submit();
      }
      function frame(src) {
        return new Promise((resolve) => document.body.append(Object.assign(document.createElement('iframe'), { src, onload: resolve })));
      }
    </script><body>another site`);
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  resources.defer(async () => {
    server.closeAllConnections();
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    await closed.promise;
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null || address.port === taken) throw new Error('no port of its own');
  return `http://127.0.0.1:${address.port}/`;
}
