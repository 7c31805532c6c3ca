/** New files are written completely or not at all. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installFiles } from '../../../../src/cli/init/install.ts';
import { writtenFiles } from '../../config/written-files.ts';

const FILES = [
  { name: 'a.yaml', text: 'new a', isSecret: false },
  { name: 'b.password', text: 'new b', isSecret: true },
];
const pass = async (): Promise<void> => undefined;

describe('installing files', () => {
  it('checks complete files before any is in its place', async () => {
    await using files = await writtenFiles();
    const folder = files.path('mine');
    let seen: readonly string[] = [];

    await installFiles(folder, FILES, {
      overwrite: false,
      check: async (drafts) => {
        seen = [await readFile(join(drafts, 'a.yaml'), 'utf8'), await readFile(join(drafts, 'b.password'), 'utf8')];
        expect((await readdir(folder)).filter((name) => !name.startsWith('.'))).toEqual([]);
      },
    });

    expect(seen).toEqual(['new a', 'new b']);
    expect((await readdir(folder)).toSorted()).toEqual(['a.yaml', 'b.password']);
  });

  it('leaves nothing behind when the check fails, not even the folder', async () => {
    await using files = await writtenFiles();
    const check = async (): Promise<void> => {
      throw new Error('not accepted');
    };

    await expect(installFiles(files.path('mine'), FILES, { overwrite: false, check })).rejects.toThrow('not accepted');

    expect(await readdir(files.folder)).toEqual([]);
  });

  it('does not replace a file that was created in the meantime, and takes the others back', async () => {
    await using files = await writtenFiles();
    const folder = files.path('mine');
    const check = (): Promise<void> => writeFile(join(folder, 'b.password'), 'of somebody else');

    await expect(installFiles(folder, FILES, { overwrite: false, check })).rejects.toThrow('is there already');

    expect(await readdir(folder)).toEqual(['b.password']);
    expect(await readFile(join(folder, 'b.password'), 'utf8')).toBe('of somebody else');
  });

  it('replaces files where that is wanted', async () => {
    await using files = await writtenFiles({ 'mine/a.yaml': 'old' });

    const paths = await installFiles(files.path('mine'), FILES, { overwrite: true, check: pass });

    expect(paths).toEqual([files.path('mine/a.yaml'), files.path('mine/b.password')]);
    expect(await readFile(files.path('mine/a.yaml'), 'utf8')).toBe('new a');
  });

  it('says which folder cannot be written', async () => {
    await using files = await writtenFiles({ file: '' });

    await expect(installFiles(files.path('file/mine'), FILES, { overwrite: false, check: pass })).rejects.toThrow(
      /file\/mine cannot be written \(.*\); choose another --out/,
    );
  });
});
