/** src/SECURITY-MODEL.md lists every invariant of the source, each with a test. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faults } from '../../faults/index.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const SRC = join(ROOT, 'src');

async function rows() {
  const text = await readFile(join(SRC, 'SECURITY-MODEL.md'), 'utf8');
  return [...text.matchAll(/^\| `([^`]+\.ts)` \| (.+?) \| `(test\/[^`]+)` \|(?: `[^`]+` \|)?$/gm)].map(
    ([, file = '', invariant = '', test = '']) => ({ file, invariant, test }),
  );
}

/** The files of the source, each once for every invariant in it. */
async function filesWithInvariants(): Promise<readonly string[]> {
  const names = (await readdir(SRC, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const found = await Promise.all(
    names.map(async (name) => {
      const count = (await readFile(join(SRC, name), 'utf8')).split('INVARIANT:').length - 1;
      return Array.from({ length: count }, () => name.replaceAll('\\', '/'));
    }),
  );
  return found.flat().toSorted();
}

describe('the security model', () => {
  it('lists every INVARIANT comment of the source once', async () => {
    const listed = (await rows()).map(({ file }) => file);

    expect(listed.length).toBeGreaterThan(20);
    expect(listed.toSorted()).toEqual(await filesWithInvariants());
  });

  it('names a test file that exists for every invariant', async () => {
    expect((await rows()).filter(({ test }) => !existsSync(join(ROOT, test)))).toEqual([]);
  });

  it('names a planted fault for every invariant that security depends on', async () => {
    const text = await readFile(join(SRC, 'SECURITY-MODEL.md'), 'utf8');
    const [, section = ''] = /### Security depends on them(.*?)###/s.exec(text) ?? [];

    const named = [...section.matchAll(/^\| `[^`]+\.ts` \|.*\| `([\w-]+)` \|$/gm)].map(([, id]) => id);
    const planted = new Set<string | undefined>(faults.map(({ id }) => id));
    expect(named.length).toBeGreaterThan(5);
    expect(section.match(/^\| `/gm)?.length).toBe(named.length);
    expect(named.filter((id) => !planted.has(id))).toEqual([]);
  });
});
