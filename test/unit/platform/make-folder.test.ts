import { mkdtempDisposable, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, makeFolderSync } from '../../../src/platform/make-folder.ts';

describe.each([
  ['makeFolder', makeFolder],
  ['makeFolderSync', async (path: string, mode?: number) => makeFolderSync(path, mode)],
] as const)('%s', (_name, make) => {
  it('makes the folders above, with the mode, and leaves one that is there', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-folder-'));
    const path = join(folder.path, 'a/b/c');

    await make(path, 0o700);
    await make(path, 0o755);

    expect(((await stat(path)).mode & 0o777).toString(8)).toBe('700');
    expect(((await stat(join(folder.path, 'a'))).mode & 0o777).toString(8)).toBe('700');
  });

  it('fails below a file, and where the system accepts no folder', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-folder-'));
    await writeFile(join(folder.path, 'file'), '');

    await expect(make(join(folder.path, 'file/a'))).rejects.toThrow('ENOTDIR');
    await expect(make(join(folder.path, 'file'))).rejects.toThrow('EEXIST');
    // mkdir of Node with `recursive` never ends here.
    await expect(make('/proc/fairlead/a')).rejects.toThrow('ENOENT');
  });
});

it('makeFolder returns the first folder that it has made', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-folder-'));

  expect(await makeFolder(join(folder.path, 'a/b'))).toBe(join(folder.path, 'a'));
  expect(await makeFolder(join(folder.path, 'a/b'))).toBeUndefined();
});
