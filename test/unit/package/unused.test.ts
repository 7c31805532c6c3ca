/** What the bundle leaves out of libraries. The tests run from source and would not notice. */
import { glob, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { describe, expect, it } from 'vitest';
import { leaveOutUnused, mediaTypesInUse, undiciInUse } from '../../../docker/package/unused.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const { resolve: find } = createRequire(import.meta.url);

/** What Express, prom-client, winston and Commander cannot do in the bundle. */
const LEFT_OUT =
  /\bexpress\.(?:static|json|raw|urlencoded)\b|\.(?:sendFile|download)\(|\b(?:Pushgateway|AggregatorRegistry|enableExemplars|colorize|executableFile|executableDir)\b/;

describe('the parts of libraries that the bundle leaves out', () => {
  it('are not used by the source', async () => {
    const texts: string[] = [];
    for await (const file of glob(join(ROOT, 'src/**/*.ts'))) texts.push(await readFile(file, 'utf8'));

    expect(texts.length).toBeGreaterThan(100);
    expect(texts.filter((text) => LEFT_OUT.test(text))).toEqual([]);
    expect('app.use(express.static(folder))').toMatch(LEFT_OUT);
    expect(texts.filter((text) => text.includes('express.text(') && !text.includes('inflate: false'))).toEqual([]);
  });

  it('have no media type that Express looks up for the broker', async () => {
    const database = await readFile(find('mime-db/db.json', { paths: [dirname(find('mime-types'))] }), 'utf8');
    const all: Readonly<Record<string, unknown>> = JSON.parse(database);
    const inUse: Readonly<Record<string, unknown>> = JSON.parse(mediaTypesInUse(database));

    expect(Object.keys(inUse).length).toBeLessThan(Object.keys(all).length / 10);
    for (const type of ['text/html', 'text/csv', 'text/plain', 'application/json']) {
      expect(inUse[type]).toEqual(all[type]);
      expect(inUse[type]).toBeDefined();
    }
  });

  it('have nothing of undici that the source imports', async () => {
    const imported = new Set<string>();
    for await (const file of glob(join(ROOT, 'src/**/*.ts'))) {
      const text = await readFile(file, 'utf8');
      for (const [, names = ''] of text.matchAll(/^import \{ (.+) \} from 'undici';$/gm))
        for (const name of names.split(', ')) imported.add(name);
    }

    const undici = createRequire(find('undici'));
    const inUse = { exports: {} };
    // oxlint-disable-next-line typescript/no-implied-eval -- a module of the bundle, as CommonJS loads it
    new Function('module', 'require', undiciInUse())(inUse, undici);

    expect(new Set(Object.keys(inUse.exports))).toEqual(imported);
    const { Agent, DecoratorHandler, ProxyAgent } = undici('undici');
    expect(inUse.exports).toMatchObject({ Agent, DecoratorHandler, ProxyAgent, fetch: expect.any(Function) });
  });

  it('make the build fail when a library has moved one of them', async () => {
    await using bundle = await rolldown({
      input: join(ROOT, 'src/core/errors.ts'),
      plugins: [leaveOutUnused()],
    });

    await expect(bundle.generate()).rejects.toThrow('nothing imports prom-client/lib/pushgateway.js');
  });
});
