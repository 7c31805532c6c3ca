import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ShortLivedMap } from '../../../src/core/short-lived-map.ts';
import { runOk } from '../../support/process.ts';

describe('a map for what comes and goes', () => {
  it('gives what was set last, and nothing after a deletion', () => {
    const map = new ShortLivedMap<string, { readonly n: number }>();
    const [one, two, three] = [{ n: 1 }, { n: 2 }, { n: 3 }];
    map.set('a', one);
    map.set('b', two);
    map.set('a', three);

    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([three, two, undefined]);
    expect(map.values()).toEqual([three, two]);
    map.delete('a');
    map.delete('c');
    expect([map.get('a'), map.values()]).toEqual([undefined, [two]]);
  });

  it('releases what was deleted, which a Map keeps until the whole heap is collected', async () => {
    expect(await keptBytes('new ShortLivedMap()')).toBeLessThan(1_000_000);
    expect(await keptBytes('new Map()')).toBeGreaterThan(1_500_000);
  });
});

/**
 * The bytes that are left of two megabytes that went through a map, eight pieces at a time. Each map has a process of its
 * own: V8 soon puts new objects into the old generation where those before them have stayed.
 */
async function keptBytes(map: string): Promise<number> {
  const program = `
    import { ShortLivedMap } from ${JSON.stringify(SOURCE)};
    const map = ${map};
    // Moves the table of the map into the old generation, as time does.
    gc();
    gc();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 2000; n += 1) {
      map.set(n, { bytes: Array.from({ length: 125 }, () => n) });
      map.delete(n - 8);
      if (n % 100 === 0) gc({ type: 'minor' });
    }
    for (let n = 1992; n < 2000; n += 1) map.delete(n);
    gc({ type: 'minor' });
    console.log(process.memoryUsage().heapUsed - before);
  `;
  const options = ['--expose-gc', '--input-type=module', '--eval', program];
  return Number((await runOk(process.execPath, options)).trim());
}

const SOURCE = pathToFileURL(resolve(import.meta.dirname, '../../../src/core/short-lived-map.ts')).href;
