/** Every page in Chromium, for people with other eyes, hands, settings and names. */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, startChromium } from '../support/chromium.ts';
import { axeViolations, cutElements, loadAxe, wideElements } from '../support/page-checks.ts';
import { largePages, samplePages } from '../support/page-samples/index.ts';
import { serveSamples } from '../support/sample-server.ts';
import type { SampleServer } from '../support/sample-server.ts';

/** A name in a script from right to left, of the greatest length. */
const RTL = '\u05e9\u05dc\u05d5\u05dd'.repeat(4);
const LONG = 'long-name-'.repeat(26).slice(0, 255);

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const NARROW = { width: 320, height: 640 };
const MODES = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [DESKTOP, PHONE].map((viewport) => ({ colorScheme, viewport })),
);

const samples = samplePages();
const names = Object.keys(samples);
const large = largePages();
/** Pages that have all colours together. */
const COLOURFUL = ['sign-in-failed', 'tokens', 'token-new-problems', 'access-denial', 'who-can', 'decisions', 'person'];
/** The rules of axe-core but for those about colours, which take longest. */
const STRUCTURE = ['wcag2a', 'best-practice'];
/** Pages with a problem that somebody has to correct. */
const CORRECTED = ['sign-in-failed', 'token-new-problems', 'access-wrong', 'who-can-nobody', 'device', 'people'];

let browser: Browser;
let server: SampleServer;

describe.skipIf(!hasChromium())('each page', () => {
  beforeAll(async () => {
    browser = await startChromium();
    server = await serveSamples({
      ...samples,
      ...large,
      // The control of the tests below.
      careless: () => CARELESS as never,
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  /** Opens each page, and collects what a check finds there. */
  async function findings(
    pages: readonly string[],
    options: BrowserContextOptions,
    check: (page: Page, context: BrowserContext) => Promise<readonly string[]>,
    from: SampleServer = server,
  ): Promise<readonly string[]> {
    const context = await browser.newContext({ bypassCSP: true, reducedMotion: 'reduce', ...options });
    const page = await context.newPage();
    const found: string[] = [];
    for (const name of pages) {
      await page.goto(`${from.url}/${name}`);
      found.push(...(await check(page, context)).map((finding) => `${name}: ${finding}`));
    }
    await context.close();
    return found;
  }

  /** All rules of axe-core, in light and dark, on a desktop and on a phone. */
  async function inAllModes(page: Page): Promise<readonly string[]> {
    await loadAxe(page);
    const found: string[] = [];
    for (const { colorScheme, viewport } of MODES) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      found.push(...(await axeViolations(page)).map((one) => `${colorScheme} ${viewport.width} ${one}`));
    }
    return found;
  }

  it('has no violation of axe-core, in light and dark, on a desktop and on a phone', async () => {
    expect(await findings(names, {}, inAllModes)).toEqual([]);
    expect(await findings(['careless'], {}, inAllModes)).not.toEqual([]);
  }, 240_000);

  it('with a thousand rows has none either, and is not wider than a phone', async () => {
    const check = async (page: Page): Promise<readonly string[]> => {
      await loadAxe(page);
      // A thousand rows have the colours of one.
      return [...(await axeViolations(page, STRUCTURE)), ...(await wideElements(page))];
    };

    expect(await findings(Object.keys(large), { viewport: NARROW }, check)).toEqual([]);
    expect(await findings(['careless'], { viewport: NARROW }, check)).not.toEqual([]);
  }, 120_000);

  it.each([
    ['more contrast', { contrast: 'more' }],
    ['more contrast in the dark', { contrast: 'more', colorScheme: 'dark' }],
    ['the colours of the system', { forcedColors: 'active' }],
  ] as const)('can be read with %s', async (_what, options) => {
    const check = async (page: Page): Promise<readonly string[]> => {
      await loadAxe(page);
      return axeViolations(page, ['color-contrast']);
    };

    expect(await findings(COLOURFUL, options, check)).toEqual([]);
  });

  it('shows all of its text at a zoom of 200 %, at twice the size, and with the spacing of WCAG 1.4.12', async () => {
    expect(await findings(names, {}, enlarged)).toEqual([]);
    expect(await findings(['careless'], {}, enlarged)).not.toEqual([]);
  }, 120_000);

  it('shows all of its text with names of 255 characters, on a desktop and on a phone', async () => {
    await using long = await serveSamples(samplePages({ text: () => LONG }));
    const check = async (page: Page): Promise<readonly string[]> => {
      const onDesktop = await wideElements(page);
      await page.setViewportSize(PHONE);
      const onPhone = [...(await wideElements(page)), ...(await cutElements(page))];
      await page.setViewportSize(DESKTOP);
      return [...onDesktop, ...onPhone];
    };

    expect(await findings(names, { viewport: DESKTOP }, check, long)).toEqual([]);
  }, 120_000);

  it('isolates each name, so that one from right to left moves nothing around it', async () => {
    await using foreign = await serveSamples({
      ...samplePages({ text: () => RTL }),
      careless: () => CARELESS as never,
    });
    const check = (page: Page): Promise<readonly string[]> => page.evaluate(exposedNames(RTL));

    // The pages of the policy show whole lines of a file, and sentences about them.
    const pages = names.filter((name) => !name.startsWith('policy'));
    expect(await findings(pages, {}, check, foreign)).toEqual([]);
    expect(await findings(['careless'], {}, check, foreign)).not.toEqual([]);
  });

  it('moves nothing for people who want no motion', async () => {
    const check = (page: Page): Promise<readonly string[]> =>
      page.evaluate(`[...document.querySelectorAll('*')]
        .filter((one) => getComputedStyle(one).transitionDuration !== '0s' || getComputedStyle(one).animationName !== 'none')
        .map((one) => one.outerHTML.slice(0, 80))`);

    expect(await findings(COLOURFUL, {}, check)).toEqual([]);
    expect(await findings(['tokens'], { reducedMotion: 'no-preference' }, check)).not.toEqual([]);
  });

  it('can be used with the keyboard alone, with a visible focus, from the link to the content on', async () => {
    expect(await findings(names, { viewport: DESKTOP }, keyboardProblems)).toEqual([]);
    expect(await findings(['careless'], { viewport: DESKTOP }, keyboardProblems)).not.toEqual([]);
  }, 120_000);

  it('has the focus on what is wrong, or on a field that names the message as its description', async () => {
    // A browser gives the focus when it draws the page, some time after it has loaded it.
    const check = (page: Page): Promise<readonly string[]> =>
      page.evaluate(`(async () => {
        const isGood = (one) => one.matches('.notice.problem') ||
          (one.getAttribute('aria-describedby') ?? '').split(' ')
            .some((id) => /problem$/.test(id) && document.getElementById(id)?.textContent.trim());
        for (const until = performance.now() + 3000; performance.now() < until; ) {
          if (isGood(document.activeElement)) return [];
          await new Promise((done) => setTimeout(done, 50));
        }
        return ['the focus is on ' + document.activeElement.outerHTML.slice(0, 80)];
      })()`);

    expect(await findings(CORRECTED, {}, check)).toEqual([]);
    expect(await findings(['token-new'], {}, check)).not.toEqual([]);
  });

  it('leads from each message about a form to its field', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}/token-new-problems`);

    await page.getByRole('link', { name: 'Choose at least one.' }).click();
    await page.keyboard.press('Tab');

    expect(await page.evaluate('document.activeElement.name')).toBe('limits.0.actions');
    await page.close();
  });

  it('prints a new token without the token', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}/token-created`);
    const token = page.locator('#token');
    expect([await token.isVisible(), await page.getByText('The token is not printed').isVisible()]).toEqual([
      true,
      false,
    ]);

    await page.emulateMedia({ media: 'print' });

    expect([await token.isVisible(), await page.getByText('The token is not printed').isVisible()]).toEqual([
      false,
      true,
    ]);
    expect(await page.getByText('docker login').first().isVisible()).toBe(true);
    await page.close();
  });
});

const SPACING = `* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
  p { margin-bottom: 2em !important }`;

/** What is cut, or wider than the window, where everything is larger. */
async function enlarged(page: Page): Promise<readonly string[]> {
  const found: string[] = [];
  const check = async (): Promise<void> => void found.push(...(await wideElements(page)), ...(await cutElements(page)));
  await page.setViewportSize({ width: DESKTOP.width / 2, height: DESKTOP.height / 2 });
  await check();
  await page.setViewportSize(PHONE);
  const spacing = await page.addStyleTag({ content: SPACING });
  await check();
  await spacing.evaluate((style: { remove(): void }) => style.remove());
  await page.setViewportSize(DESKTOP);
  await page.addStyleTag({ content: 'html { font-size: 200% }' });
  await check();
  return found;
}

/** Names that share their element with other text, or whose element does not isolate them. */
const exposedNames = (name: string): string => `(() => {
  const exposed = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    const parent = text.parentElement;
    if (!text.data.includes(${JSON.stringify(name)}) || parent.closest('option, textarea, title') !== null) continue;
    const isIsolated = /isolate|plaintext/.test(getComputedStyle(parent).unicodeBidi);
    if (!isIsolated || text.data.trim() !== ${JSON.stringify(name)}) exposed.push(parent.outerHTML.slice(0, 120));
  }
  return exposed;
})()`;

/** Presses Tab through a page, and reports what cannot be reached or shows no focus. */
async function keyboardProblems(page: Page): Promise<readonly string[]> {
  const expected: number = await page.evaluate(`(() => {
    document.activeElement?.blur();
    const groups = new Set();
    const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
      .filter((one) => one.tabIndex >= 0 && one.type !== 'hidden' && one.checkVisibility())
      // Tab leads to one button of a group.
      .filter((one) => one.type !== 'radio' || (!groups.has(one.name) && groups.add(one.name)));
    globalThis.reached = new Set();
    return all.length;
  })()`);
  await page.evaluate(`(() => { const start = document.querySelector('.skip') ?? document.body; start.focus(); })()`);
  const problems: string[] = [];
  for (let presses = 0; presses < expected * 6 + 2; presses += 1) {
    const [count, problem]: readonly [number, string] = await page.evaluate(`(() => {
      const one = document.activeElement;
      reached.add(one.type === 'radio' ? 'radio ' + one.name : one);
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      const isShown = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
      const { top, bottom } = one.getBoundingClientRect();
      const isInWindow = bottom > 0 && top < innerHeight;
      const problem = one === document.body || (isShown && isInWindow) ? '' : 'no focus is visible at ' + one.outerHTML.slice(0, 100);
      return [reached.size, problem];
    })()`);
    if (problem !== '') problems.push(problem);
    if (count >= expected) return problems;
    await page.keyboard.press('Tab');
  }
  return [...problems, 'the keyboard does not reach everything'];
}

/** A page that breaks each rule above. */
const CARELESS = `<!doctype html><title>x</title><style>a:focus { outline: none }</style>
  <h2>x</h2><h4>y<img src="x"></h4><a class="skip" href="#x">x</a>
  <div style="height: 1em; overflow: hidden">cut<br>cut</div>
  <p>${RTL}: of nobody</p><table width="4000"><tr><td>wide</td></tr></table>`;
