/** Pictures of the console for the documentation, from the sample pages. */
import { join } from 'node:path';
import { startChromium } from './chromium.ts';
import { samplePages } from './page-samples/index.ts';
import { serveSamples } from './sample-server.ts';

const DESKTOP = { width: 1100, height: 760 };

/** By the name of the file, without its ending. */
export const PICTURES = {
  'console-tokens': { sample: 'tokens', colorScheme: 'light', viewport: DESKTOP },
  'console-access': { sample: 'access-answer', colorScheme: 'light', viewport: DESKTOP },
  'console-try-out': { sample: 'policy-try-result#result', colorScheme: 'light', viewport: DESKTOP },
  'console-decisions': { sample: 'decisions', colorScheme: 'dark', viewport: DESKTOP },
  'console-test-login': { sample: 'test-login-works', colorScheme: 'light', viewport: DESKTOP },
} as const;

/** @returns the files that were written */
export async function takeScreenshots(folder: string): Promise<readonly string[]> {
  await using server = await serveSamples(samplePages());
  const browser = await startChromium();
  try {
    const written: string[] = [];
    for (const [name, { sample, colorScheme, viewport }] of Object.entries(PICTURES)) {
      const page = await browser.newPage({ colorScheme, viewport, reducedMotion: 'reduce' });
      await page.goto(`${server.url}/${sample}`);
      const path = join(folder, `${name}.png`);
      await page.screenshot({ path });
      written.push(path);
      await page.close();
    }
    return written;
  } finally {
    await browser.close();
  }
}
