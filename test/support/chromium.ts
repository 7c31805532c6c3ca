/** Debian's Chromium, driven by playwright-core. */
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { findPart } from './parts.ts';
import type { Part } from './parts.ts';

const CHROMIUM: Part = { program: 'chromium', debian: 'chromium' };

/** @throws on CI, when Chromium is not installed */
export function hasChromium(): boolean {
  return findPart(CHROMIUM) !== undefined;
}

/** Starts the browser; it keeps nothing on the disk. As root, Chromium has no sandbox. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findPart(CHROMIUM) ?? 'chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}
