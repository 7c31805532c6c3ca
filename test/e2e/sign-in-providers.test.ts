/** Sign-in in Chromium on the pages of Keycloak and Dex, with a broker as a process. */
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeFile } from '../../src/app/open-records.ts';
import { sessionStore } from '../../src/app/token-stores.ts';
import { openSqlite } from '../../src/platform/store/sqlite.ts';
import { hasChromium, startChromium } from '../support/chromium.ts';
import { DEX_BUILD_TIMEOUT } from '../support/dex.ts';
import { realClock } from '../support/fakes.ts';
import { KEYCLOAK_FETCH_TIMEOUT } from '../support/keycloak-distribution.ts';
import { PEOPLE } from '../support/keycloak-realm.ts';
import { holdCallback } from '../support/provider-chromium.ts';
import { openProviderWorld, PROVIDERS } from '../support/provider-world.ts';
import type { ProviderInWorld, ProviderWorld } from '../support/provider-world.ts';
import { noteSecret } from '../support/secrets.ts';
import { waitFor } from '../support/wait.ts';
import { describeSecondFactor } from './second-factor.ts';

const LIST = '/console/sign-ins';
const HOUR = 3600;
/** Seconds: ID tokens of both providers have ended by then. */
const TOO_FAR = 25 * HOUR;
/** Milliseconds for a restart of Keycloak. */
const RESTART_TIMEOUT = 240_000;

describe.skipIf(!hasChromium() || PROVIDERS.length === 0)('sign-in on the pages of a provider', () => {
  const resources = new AsyncDisposableStack();
  let world: ProviderWorld;
  let chromium: Browser;

  beforeAll(async () => {
    world = resources.use(await openProviderWorld([60, -60, TOO_FAR]));
    chromium = await startChromium();
    resources.defer(() => chromium.close());
  }, KEYCLOAK_FETCH_TIMEOUT + DEX_BUILD_TIMEOUT);
  afterAll(() => resources.disposeAsync());

  /** A browser of its own, which nobody knows yet. */
  async function openPage(): Promise<{ readonly page: Page; tab(): Promise<Page> } & AsyncDisposable> {
    const context = await chromium.newContext();
    const page = await context.newPage();
    return { page, tab: () => context.newPage(), [Symbol.asyncDispose]: () => context.close() };
  }
  const pathOf = (page: Page): string => new URL(page.url()).pathname;
  const isHere = (page: Page): boolean => page.url().startsWith(world.site);
  const heading = (page: Page): Promise<string | null> => page.textContent('h1');

  async function signIn(page: Page, provider: ProviderInWorld, path = LIST): Promise<void> {
    await page.goto(world.site + path);
    await page.click(`text=Continue with ${provider.label}`);
    await provider.signIn(page);
    await page.waitForURL(`${world.site}/console/**`);
  }

  /** Makes all sessions as old as this. */
  async function ageSessions(seconds: number): Promise<void> {
    await using records = await openSqlite(storeFile(join(world.broker.folder, 'state')));
    const store = sessionStore(records, realClock);
    for (const { key, value } of await store.list()) {
      const { signedInAt, createdAt } = value;
      const { authTime } = signedInAt;
      const aged = authTime === undefined ? signedInAt : { ...signedInAt, authTime: authTime - seconds };
      await store.put(key, { ...value, signedInAt: aged, createdAt: createdAt - seconds }, HOUR);
    }
  }

  describe.each(PROVIDERS)('of the backend %s', (name) => {
    it('opens the console for the person, who is named there, without an error of a page of ours', async () => {
      await using browser = await openPage();
      const { page } = browser;
      const problems: string[] = [];
      page.on('console', (message) => {
        const { url } = message.location();
        if (message.type() === 'error' && url.startsWith(world.site) && !url.endsWith('/favicon.ico'))
          problems.push(message.text());
      });

      await signIn(page, world.provider(name));

      expect(pathOf(page)).toBe(LIST);
      expect(await page.textContent('.person')).toContain(`alice at ${name}`);
      expect(problems).toEqual([]);
    });

    it('brings two tabs to their own pages', async () => {
      await using browser = await openPage();
      const [first, second] = [browser.page, await browser.tab()];
      const provider = world.provider(name);
      for (const [tab, page] of [first, second].entries()) {
        await page.goto(`${world.site}/sign-in/${name}?to=${encodeURIComponent(`${LIST}?tab=${tab + 1}`)}`);
      }

      await provider.signIn(second);
      await second.waitForURL(`${world.site}/console/**`);
      // Keycloak sees the sign-in of the other tab, and goes on by itself. Dex asks in each tab.
      if (name === 'dex') await provider.signIn(first);
      await first.waitForURL(`${world.site}/console/**`);

      expect([first, second].map((page) => new URL(page.url()).search)).toEqual(['?tab=1', '?tab=2']);
    });

    it('goes on after the back button was pressed on the page of the provider', async () => {
      await using browser = await openPage();
      const { page } = browser;
      const provider = world.provider(name);
      await page.goto(world.site + LIST);
      await page.click(`text=Continue with ${provider.label}`);
      await page.waitForURL((url) => !url.href.startsWith(world.site));

      await page.goBack();
      const before = pathOf(page);
      await page.goForward();
      await provider.signIn(page);
      await page.waitForURL(`${world.site}/console/**`);

      expect([before, pathOf(page)]).toEqual(['/sign-in', LIST]);
    });

    it('leads back to the console whoever presses the back button after it', async () => {
      await using browser = await openPage();
      const { page } = browser;
      await signIn(page, world.provider(name));

      // Keycloak sends the browser on at once. Dex shows its own pages, of which one reports an error.
      let pages = 0;
      do {
        await page.goBack();
        pages += 1;
      } while (!isHere(page) && pages < 4);

      expect(pathOf(page)).toMatch(/^\/console\//);
      expect(pages).toBe(name === 'sso' ? 1 : 3);
    });

    it('is asked for again before a token is made, when the last one is long ago', async () => {
      await using browser = await openPage();
      const { page } = browser;
      const provider = world.provider(name);
      await signIn(page, provider, '/console/tokens');
      await ageSessions(2 * HOUR);

      await page.click('text=Create a token');
      const reason = await page.textContent('.notice');
      await page.click(`text=Continue with ${provider.label}`);
      await page.waitForSelector('input[type=password]');
      const asked = isHere(page) ? 'Fairlead' : provider.label;
      await provider.signIn(page);
      await page.waitForURL(`${world.site}/console/tokens/new`);
      await page.fill('[name=name]', 'laptop');
      await page.press('[name=name]', 'Enter');
      await page.waitForURL(`${world.site}/console/tokens`);
      const [token = ''] = /flp_\w{49}/.exec(await page.content()) ?? [];
      noteSecret(token);

      expect(reason).toContain('This needs a recent sign-in. Please sign in again.');
      expect([asked, token.length]).toEqual([provider.label, 53]);
    });

    it.each([60, -60])(
      'works with a clock that differs by %i seconds, also when a proof is asked for',
      async (ahead) => {
        await using browser = await openPage();
        const { page } = browser;
        const { url } = world.consoleAhead(ahead);
        for (const query of ['', '?again=1']) {
          await page.goto(`${url}/sign-in/${name}${query}`);
          await world.provider(name).signIn(page);
          await page.waitForURL(`${url}/console/**`);
        }

        expect(await page.textContent('.person')).toContain('alice');
      },
    );

    it('is refused where the clock is so far ahead that ID tokens have ended', async () => {
      await using browser = await openPage();
      const { page } = browser;
      const { url, log } = world.consoleAhead(TOO_FAR);
      await page.goto(`${url}/sign-in/${name}`);
      await world.provider(name).signIn(page);
      await page.waitForURL(`${url}/**`);

      expect(await heading(page)).toBe('The sign-in service cannot be reached');
      expect(JSON.stringify(log.lines)).toContain('clock');
    });

    it(
      'says what to do while the provider is stopped, ends no session, and works again when it is back',
      { timeout: RESTART_TIMEOUT },
      async () => {
        await using other = await openPage();
        await using browser = await openPage();
        const { page } = browser;
        const provider = world.provider(name);
        await signIn(other.page, provider);
        await page.goto(world.site + LIST);
        const callback = await holdCallback(page);
        await page.click(`text=Continue with ${provider.label}`);
        const signedIn = provider.signIn(page);
        await callback.reached;
        await provider.stop();
        await callback.release();
        await signedIn;

        await page.waitForURL(`${world.site}/sign-in/callback**`);
        const answers = [await heading(page), await page.textContent('main')];
        // Metadata that led nowhere are not used again: the page is one of ours.
        const begun = await page.goto(`${world.site}/sign-in/${name}?to=${LIST}`);
        await other.page.reload();
        await provider.start();
        await page.reload();
        // Keycloak has stored the session of this browser.
        if (name === 'dex') await provider.signIn(page);
        await page.waitForURL(`${world.site}/console/**`);

        expect(answers).toEqual([
          'The sign-in service cannot be reached',
          expect.stringContaining('Nothing is wrong with your account. Try again in a minute.'),
        ]);
        expect(begun?.status()).toBe(503);
        expect([pathOf(other.page), pathOf(page)]).toEqual([LIST, LIST]);
      },
    );

    it('ends here at the sign-out, and at the provider only when the person says so', async () => {
      await using browser = await openPage();
      const { page } = browser;
      const provider = world.provider(name);
      await signIn(page, provider);
      await page.click('text=Sign out');
      await page.waitForURL(`${world.site}/sign-out`);
      const signedOut = await heading(page);
      await page.goto(world.site + LIST);
      await page.click(`text=Continue with ${provider.label}`);
      // Keycloak knows the browser. Dex has no session, and asks each time.
      if (name === 'dex') await provider.signIn(page);
      await page.waitForURL(`${world.site}/console/**`);

      await page.click('text=Sign out');
      await page.click('text=Sign out there too');
      if (name === 'sso') await page.click('#kc-logout');
      await page.waitForURL(`${world.site}/sign-out**`);
      const there = await page.textContent('main');
      await page.goto(world.site + LIST);
      await page.click(`text=Continue with ${provider.label}`);
      await page.waitForSelector('input[type=password]');

      expect(signedOut).toBe('You are signed out');
      expect(there?.includes('Fairlead cannot sign you out at Dex')).toBe(name === 'dex');
      expect(isHere(page)).toBe(false);
    });
  });

  it.skipIf(!PROVIDERS.includes('sso'))('ends when an administrator of Keycloak ends the session there', async () => {
    await using browser = await openPage();
    const { page } = browser;
    await signIn(page, world.provider('sso'));
    const before = world.broker.log().length;

    await world.realm?.logOut(PEOPLE.alice.username);
    const { log } = world.broker;
    await waitFor('the logout', () =>
      log()
        .slice(before)
        .find(({ outcome, cause }) => outcome === 'ended' && cause === 'signed out at the provider'),
    );
    await page.reload();

    expect(pathOf(page)).toBe('/sign-in');
  });

  describeSecondFactor(() => ({ world, chromium }));
});
