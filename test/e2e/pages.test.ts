/** Every page in Chromium, with invented content. `console.test.ts` has the pages of a running broker. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, startChromium } from '../support/chromium.ts';
import { HOSTILE_SHAPES, HOSTILE_TEXTS } from '../support/hostile-texts.ts';
import { wideElements } from '../support/page-checks.ts';
import { samplePages } from '../support/page-samples/index.ts';
import { serveSamples } from '../support/sample-server.ts';
import type { SampleServer } from '../support/sample-server.ts';
import { PICTURES, takeScreenshots } from '../support/screenshots.ts';

const samples = samplePages();
const names = Object.keys(samples);

let browser: Browser;
let server: SampleServer;

/** What a page did that it must not do. */
interface Misdeeds {
  readonly dialogs: string[];
  readonly errors: string[];
  /** Requests to other origins. */
  readonly foreign: string[];
}

/** Collects what the pages of a context do. A script that a text has smuggled in opens a dialog. */
function watch(page: Page): Misdeeds {
  const misdeeds: Misdeeds = { dialogs: [], errors: [], foreign: [] };
  page.on('dialog', (dialog) => {
    misdeeds.dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    // The browser asks for an icon by itself.
    const isIcon = message.location().url.endsWith('/favicon.ico');
    if (message.type() === 'error' && !isIcon) misdeeds.errors.push(message.text());
  });
  page.on('pageerror', (error) => void misdeeds.errors.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url)) misdeeds.foreign.push(request.url());
  });
  return misdeeds;
}

async function open(context: BrowserContext, name: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${server.url}/${name}`);
  return page;
}

describe.skipIf(!hasChromium())('the pages in Chromium', () => {
  beforeAll(async () => {
    browser = await startChromium();
    server = await serveSamples({
      ...samples,
      // The control of the tests below: what a page is like that does not escape.
      unescaped: () =>
        `<!doctype html><title>x</title><h2>x<h4><img src=x onerror=alert(1)><table width=900><tr><td>x` as never,
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  it('no page is wider than a window of 320 pixels, asks another origin or violates its policy', async () => {
    const context = await browser.newContext({ viewport: { width: 320, height: 640 } });
    const page = await context.newPage();
    const misdeeds = watch(page);

    const wide = [];
    for (const name of names) {
      await page.goto(`${server.url}/${name}`);
      wide.push(...(await wideElements(page)).map((element) => `${name}: ${element}`));
    }

    expect({ wide, ...misdeeds }).toEqual({ wide: [], dialogs: [], errors: [], foreign: [] });
    await page.goto(`${server.url}/unescaped`);
    expect({ wide: (await wideElements(page)).length, errors: misdeeds.errors.length }).toEqual({
      wide: expect.toSatisfy((count: number) => count > 0),
      errors: expect.toSatisfy((count: number) => count > 0),
    });
    await context.close();
  });

  it('every button, field and link of the navigation is at least 44 pixels high', async () => {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
    const page = await context.newPage();

    const small = [];
    for (const name of names) {
      await page.goto(`${server.url}/${name}`);
      const found: readonly string[] = await page.evaluate(`(() =>
        [...document.querySelectorAll('button, .button, nav a, .brand, input, select, summary')]
          .filter((one) => one.type !== 'hidden' && one.type !== 'radio' && one.type !== 'checkbox')
          .filter((one) => one.checkVisibility() && !one.classList.contains('hidden'))
          .filter((one) => one.getBoundingClientRect().height < 43.9)
          .map((one) => one.outerHTML.slice(0, 120)))()`);
      small.push(...found.map((element) => `${name}: ${element}`));
    }

    expect(small).toEqual([]);
    await context.close();
  });

  it.each([360, 390, 700])(
    'the navigation of an administrator takes two lines in a window of %i pixels',
    async (width) => {
      const context = await browser.newContext({ viewport: { width, height: 844 } });
      const page = await open(context, 'decisions');

      const tops: readonly number[] = await page.evaluate(
        `[...document.querySelectorAll('nav a')].map((link) => Math.round(link.getBoundingClientRect().top))`,
      );
      const last = page.getByRole('link', { name: 'Fleet' });
      await last.scrollIntoViewIfNeeded();
      const { x = width, width: size = 1 } = (await last.boundingBox()) ?? {};

      expect([tops.length, new Set(tops).size]).toEqual([9, 2]);
      // A line that is wider than the window scrolls.
      expect(x + size).toBeLessThanOrEqual(width);
      expect(await wideElements(page)).toEqual([]);
      await context.close();
    },
  );

  describe('hostile texts', () => {
    /** Each field of a page gets so many texts at once. */
    const BATCH = 250;
    const STRUCTURE = `[...document.querySelectorAll('*')].map((one) => [one.tagName, ...one.getAttributeNames()].join(' '))`;

    it('1,000 in every displayed field run no script and add no element, also without the policy of the page', async () => {
      const context = await browser.newContext({ bypassCSP: true, viewport: { width: 1280, height: 900 } });
      const page = await context.newPage();
      const misdeeds = watch(page);
      let batch: readonly string[] = [];
      await using hostile = await serveSamples(samplePages({ text: () => batch.join(' ') }));

      const changed = [];
      for (const name of names) {
        await page.goto(`${server.url}/${name}`);
        const plain: readonly string[] = await page.evaluate(STRUCTURE);
        for (let first = 0; first < HOSTILE_TEXTS.length; first += BATCH) {
          batch = HOSTILE_TEXTS.slice(first, first + BATCH);
          await page.goto(`${hostile.url}/${name}`);
          const now: readonly string[] = await page.evaluate(STRUCTURE);
          if (now.join() !== plain.join()) changed.push(`${name}, texts from ${first}`);
        }
      }

      expect(HOSTILE_TEXTS).toHaveLength(1000);
      expect({ changed, dialogs: misdeeds.dialogs }).toEqual({ changed: [], dialogs: [] });
      expect(misdeeds.foreign.filter((address) => !address.startsWith(hostile.url))).toEqual([]);
      await page.goto(`${server.url}/unescaped`);
      await expect.poll(() => misdeeds.dialogs).toEqual(['1']);
      await context.close();
    }, 240_000);

    it('of any length and script do not make a page wider than a phone', async () => {
      const context = await browser.newContext({ viewport: { width: 320, height: 640 } });
      const page = await context.newPage();
      let next = 0;
      await using hostile = await serveSamples(
        samplePages({ text: () => HOSTILE_SHAPES[next++ % HOSTILE_SHAPES.length] ?? '' }),
      );

      const wide = [];
      for (const name of names) {
        await page.goto(`${hostile.url}/${name}`);
        wide.push(...(await wideElements(page)).map((element) => `${name}: ${element}`));
      }

      expect(wide).toEqual([]);
      await context.close();
    });
  });

  it('the pictures of the documentation can be taken', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-pictures-'));

    const written = await takeScreenshots(folder);

    expect(written.map((path) => basename(path, '.png'))).toEqual(Object.keys(PICTURES));
    await rm(folder, { recursive: true });
  });

  it('the form of a token shows the fields of what is chosen, also without JavaScript', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await open(context, 'token-new');
    const [date, limit] = [page.getByLabel('Last day'), page.getByLabel('Repositories')];
    const shown = async (): Promise<readonly boolean[]> => [await date.isVisible(), await limit.isVisible()];

    expect(await shown()).toEqual([false, true]);
    await page.getByLabel('on a date').check();
    await page.getByLabel('everything I may do').check();
    expect(await shown()).toEqual([true, false]);
    await context.close();
  });

  it('a page in a frame of another page stays empty', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const misdeeds = watch(page);
    await page.setContent(`<iframe src="${server.url}/device-confirm" width="600" height="600"></iframe>`);

    await expect.poll(() => misdeeds.errors.join()).toMatch(/frame-ancestors|Framing/);
    expect(await page.frames()[1]?.locator('button').count()).toBe(0);
    await context.close();
  });

  describe('the browser script', () => {
    it('copies the token and says so', async () => {
      const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
      const page = await open(context, 'token-created');

      await page.getByRole('button', { name: 'Copy' }).first().click();

      await page.getByRole('button', { name: 'Copied' }).waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/^flp_7Qm2\w+$/);
      await context.close();
    });

    it('filters a list while somebody types', async () => {
      const context = await browser.newContext();
      const page = await open(context, 'tokens-many');
      await page.getByRole('searchbox').fill('deploy');

      expect(await page.locator('#tokens > li:visible').count()).toBe(3);
      expect(await page.locator('[data-filter-count]').textContent()).toBe('3 shown');
      await context.close();
    });

    it('shows an answer without a reload, and goes to the page when there is none', async () => {
      const context = await browser.newContext();
      const page = await open(context, 'access');
      await page.evaluate('globalThis.isSamePage = true');
      // The form leads to a path that the server of the samples has under another name.
      await page.route('**/console/access?*', (route, request) =>
        request.url().includes('repository=web')
          ? route.continue({ url: `${server.url}/access-answer` })
          : route.continue(),
      );

      await page.getByLabel('Repository').fill('web/release/shop');
      await page.getByRole('button', { name: 'Ask' }).click();
      await page.getByText('You may pull').waitFor();
      await page.waitForURL(/repository=web%2Frelease%2Fshop/);
      expect(await page.evaluate('globalThis.isSamePage')).toBe(true);

      await page.getByLabel('Repository').fill('ops');
      await page.getByRole('button', { name: 'Ask' }).click();
      await expect.poll(() => page.evaluate('globalThis.isSamePage')).toBe(undefined);
      await context.close();
    });

    it('moves the focus to what is wrong with a question, which the field names, until it is corrected', async () => {
      const context = await browser.newContext();
      const page = await open(context, 'access');
      await page.route('**/console/access?*', (route, request) =>
        route.continue({
          url: `${server.url}/${request.url().includes('Web') ? 'access-wrong' : 'access-answer'}`,
        }),
      );
      const field = page.getByLabel('Repository');

      await field.fill('Web/Shop');
      await page.getByRole('button', { name: 'Ask' }).click();
      await page.getByRole('alert').waitFor();
      await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('answer-problem');
      expect(await field.getAttribute('aria-describedby')).toBe('answer-problem');
      expect(await field.getAttribute('aria-invalid')).toBe('true');

      await field.fill('web/release/shop');
      await page.getByRole('button', { name: 'Ask' }).click();
      await page.getByText('You may pull').waitFor();
      expect(await field.getAttribute('aria-invalid')).toBeNull();
      await context.close();
    });

    it('keeps relative times current', async () => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.clock.install({ time: new Date('2026-06-02T00:00:00Z') });
      await page.goto(`${server.url}/tokens`);
      const times = page.locator('time[data-relative]');
      const before = await times.allTextContents();

      await page.clock.fastForward(86_400_000 * 2);

      expect(await times.allTextContents()).not.toEqual(before);
      await context.close();
    });
  });
});
