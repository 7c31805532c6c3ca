/** Logins of the credential helper in a real browser: what the pages let through, and what the policy of their content blocks. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Broker } from '../support/broker.ts';
import { startChallengingRegistry } from '../support/challenging-registry.ts';
import type { ChallengingRegistry } from '../support/challenging-registry.ts';
import { hasChromium, startChromium } from '../support/chromium.ts';
import { openHome } from '../support/helper-host.ts';
import type { HelperHome, HelperRun } from '../support/helper-host.ts';
import { noteSecret } from '../support/secrets.ts';
import { ALICE, SERVICE, startStaticBroker, STATIC_CONFIG } from '../support/static-broker.ts';
import { waitFor } from '../support/wait.ts';

describe.skipIf(!hasChromium())('the credential helper with Chromium', () => {
  const resources = new AsyncDisposableStack();
  let browser: Browser;
  let broker: Broker;
  let registry: ChallengingRegistry;
  let home: HelperHome;
  let page: Page;
  /** What the browser said: what it blocked, and what failed in a script. */
  let complaints: string[];

  beforeAll(async () => {
    broker = resources.use(
      await startStaticBroker({
        config: {
          ...STATIC_CONFIG,
          services: { [SERVICE]: { anonymous: 'allow', refreshTokens: {} } },
          console: {},
          helper: {},
        },
      }),
    );
    registry = resources.use(await startChallengingRegistry());
    registry.challenge = `Bearer realm="http://localhost:${broker.port}/token",service="${SERVICE}"`;
    browser = await startChromium();
    resources.defer(() => browser.close());
  });
  afterAll(() => resources.disposeAsync());

  beforeEach(async () => {
    home = await openHome();
    home.env['BROWSER'] = '/bin/true';
    home.now = Math.floor(Date.now() / 1000);
    page = await browser.newPage();
    complaints = [];
    page.on('console', (message) => {
      // Nobody has an icon, and the helper ends before it is asked for one.
      if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
  });
  afterEach(async () => {
    await page.context().close();
    await home[Symbol.asyncDispose]();
  });

  const printed = async (run: HelperRun, pattern: RegExp): Promise<string> =>
    (await waitFor(String(pattern), () => pattern.exec(run.stderr())))[1] ?? '';

  async function signIn(): Promise<void> {
    noteSecret(ALICE.password);
    await page.fill('input[name=username]', ALICE.user);
    await page.fill('input[name=password]', ALICE.password);
    await page.press('input[name=password]', 'Enter');
  }

  it('comes back to the program after sign-in and one click', async () => {
    const run = home.begin(['login', registry.name, '--no-configure']);
    await page.goto(await printed(run, /^ {2}(http\S+)$/m));
    await signIn();
    await page.click('button[value=yes]');
    await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/callback/);

    expect(await page.textContent('body')).toContain('You are signed in. You can close this page.');
    expect((await run.ended).code).toBe(0);
    expect(complaints.join('\n')).toBe('');
  });

  it('signs in a program elsewhere by the code that is typed', async () => {
    const run = home.begin(['login', registry.name, '--no-configure', '--device']);
    await page.goto(await printed(run, /^ {2}(http\S+)$/m));
    await signIn();
    await page.fill('input[name=code]', await printed(run, /^ {2}([A-Z]{4}-[A-Z]{4})$/m));
    await page.press('input[name=code]', 'Enter');
    await page.click('button[value=yes]');

    expect(await page.textContent('h1')).toContain('The device is signed in');
    expect((await run.ended).code).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('shows no consent inside of another page, where somebody could be made to click it', async () => {
    const run = home.begin(['login', registry.name, '--no-configure']);
    const url = await printed(run, /^ {2}(http\S+)$/m);
    await page.goto(url);
    await signIn();
    await page.waitForSelector('button[value=yes]');

    // Another site, on this machine as well: browsers keep sites of the network away from it altogether.
    const other = `http://${registry.name}/`;
    await page.route(other, (route) =>
      route.fulfill({ contentType: 'text/html', body: `<iframe src="${url.replaceAll('&', '&amp;')}"></iframe>` }),
    );
    await page.goto(other);
    await waitFor('the frame to be blocked', () =>
      page.frames().some((frame) => frame.url().startsWith('chrome-error:')),
    );

    const frames = await Promise.all(page.frames().map((frame) => frame.locator('button').count()));
    expect(frames.reduce((sum, count) => sum + count, 0)).toBe(0);
    // The helper still waits: no answer will come.
    expect((await home.run(['get'], registry.name)).code).toBe(1);
  });
});
