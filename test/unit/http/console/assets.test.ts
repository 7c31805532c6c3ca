import { expect, it } from 'vitest';
import { SCRIPT, STYLE } from '../../../../src/pages/assets.ts';
import { openConsoleApp } from '../../../support/console-app.ts';
import { fakeBackend, UNKNOWN } from '../../../support/fake-backend.ts';

const openApp = () => openConsoleApp({ backends: async () => [fakeBackend(UNKNOWN, { name: 'corp' }).chained] });

async function assetsOf(url: string): Promise<readonly string[]> {
  const page = await (await fetch(`${url}/sign-in`)).text();
  return [...page.matchAll(/(?:href|src)="(\/console\/assets\/[^"]+)"/g)].map(([, path = '']) => url + path);
}

it.each([
  ['gzip', 'gzip'],
  ['identity', null],
])('style and script are the same with the encoding %s, and are cached for good', async (accepted, encoding) => {
  await using app = await openApp();

  const texts = [];
  for (const address of await assetsOf(app.url)) {
    const response = await fetch(address, { headers: { 'accept-encoding': accepted } });
    expect(response.headers.get('content-encoding')).toBe(encoding);
    expect(response.headers.get('vary')).toBe('Accept-Encoding');
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    texts.push(await response.text());
  }

  expect(texts).toEqual([STYLE, SCRIPT]);
});

it('a page is never compressed, because it may show a secret next to a text from outside', async () => {
  await using app = await openApp();

  const { headers } = await fetch(`${app.url}/sign-in`, { headers: { 'accept-encoding': 'gzip' } });

  expect([headers.get('content-encoding'), headers.get('cache-control')]).toEqual([null, 'no-store']);
});

it('an asset of another version is not found', async () => {
  await using app = await openApp();

  expect((await fetch(`${app.url}/console/assets/style-000000000000.css`)).status).toBe(404);
});
