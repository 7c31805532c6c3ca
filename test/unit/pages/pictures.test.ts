import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { PICTURES } from '../../support/screenshots.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

it.each(['README.md', 'config/console.md'])('each picture in %s is one that npm run screenshots writes', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const named = [...text.matchAll(/pictures\/([\w-]+)\.png/g)].map(([, name = '']) => name);

  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !(name in PICTURES))).toEqual([]);
});

it.each(Object.keys(PICTURES))('the picture %s is there, and is a PNG of at most 120 KB', (name) => {
  const path = join(ROOT, 'config/pictures', `${name}.png`);

  expect(existsSync(path)).toBe(true);
  const bytes = readFileSync(path);
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  expect(bytes.length).toBeLessThan(120 * 1024);
});
