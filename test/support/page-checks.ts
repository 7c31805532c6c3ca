/** What tests ask of a page in Chromium. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/** How much wider than the window a page is, and the elements that make it so. */
export function wideElements(page: Page): Promise<readonly string[]> {
  return page.evaluate(`(() => {
    const width = document.documentElement.clientWidth;
    const wider = document.documentElement.scrollWidth - width;
    if (wider <= 0) return [];
    const elements = [...document.querySelectorAll('body *')]
      .filter((one) => one.closest('nav, thead') === null && one.getBoundingClientRect().right > width + 1);
    return [wider + ' px', ...elements.map((one) => one.outerHTML.slice(0, 120))];
  })()`);
}

/** Elements that cut their text. A field scrolls with the cursor. */
export function cutElements(page: Page): Promise<readonly string[]> {
  return page.evaluate(`[...document.querySelectorAll('body *')]
    .filter((one) => one.closest('.hidden, nav, thead, svg, input, select, textarea, option') === null)
    .filter((one) => getComputedStyle(one).overflow !== 'visible')
    .filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
    .map((one) => one.outerHTML.slice(0, 120))`);
}

/** The rules of WCAG 2.2 A and AA, and what axe-core recommends. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Loads axe-core into a page, in a context with `bypassCSP`. */
export async function loadAxe(page: Page): Promise<void> {
  axe ??= readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(await axe);
}

let axe: Promise<string> | undefined;

/** @returns each violation as a text with the first element that has it */
export async function axeViolations(page: Page, runOnly: readonly string[] = RULES): Promise<readonly string[]> {
  const options = JSON.stringify({ runOnly, resultTypes: ['violations'], preload: false, iframes: false });
  const { violations }: AxeResults = await page.evaluate(`axe.run(document, ${options})`);
  return violations.map(({ id, nodes }) => `${id} at ${nodes[0]?.html ?? ''}`);
}
