/** New files are written completely or not at all. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { installFiles } from '../../../../src/cli/init/install.ts';
import { start } from '../../../support/process.ts';
import { writtenFiles } from '../../config/written-files.ts';

const FILES = [
  { name: 'a.yaml', text: 'new a', isSecret: false },
  { name: 'b.password', text: 'new b', isSecret: true },
];
const SOURCE = pathToFileURL(resolve(import.meta.dirname, '../../../../src/cli/init/install.ts')).href;
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

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'leaves no secret behind when %s ends the program',
    async (signal) => {
      await using files = await writtenFiles();
      const script = `import { installFiles } from ${JSON.stringify(SOURCE)};
      const check = () => new Promise((resolve) => { console.log('checking'); setTimeout(resolve, 2 ** 30); });
      await installFiles('mine', ${JSON.stringify(FILES)}, { overwrite: false, check });`;
      await using child = start(process.execPath, ['--input-type=module', '--eval', script], { cwd: files.folder });
      await child.waitForOutput(/checking/);
      const during = await readdir(files.path('mine'));

      child.signal(signal);

      expect(await child.exited).toEqual({ code: null, signal });
      expect(during).toEqual([expect.stringMatching(/^\.fairlead-init-/)]);
      expect(await readdir(files.path('mine'))).toEqual([]);
    },
  );

  it('says which folder cannot be written', async () => {
    await using files = await writtenFiles({ file: '' });

    await expect(installFiles(files.path('file/mine'), FILES, { overwrite: false, check: pass })).rejects.toThrow(
      /file\/mine cannot be written \(.*\); choose another --out/,
    );
  });
});
