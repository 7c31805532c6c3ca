/** Reads that hang, with named pipes that nobody writes to: a read of one blocks a thread until somebody does. */
import { mkdtempDisposable, open, rename, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readFileWithin } from '../../../src/backends/read-file.ts';
import { runOk } from '../../support/process.ts';

const LIMIT_MS = 100;
const HANGING = { code: 'ETIMEDOUT', message: 'its file system does not answer' };
const HANGING_STILL = { code: 'ETIMEDOUT', message: expect.stringContaining('an earlier read has not ended') };

const read = async (path: string): Promise<string> => (await readFileWithin(path, undefined, LIMIT_MS)).toString();

async function folderWith(...pipes: readonly string[]) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-read-'));
  const paths = pipes.map((name) => join(folder.path, name));
  await runOk('mkfifo', paths);
  return {
    path: (name: string) => join(folder.path, name),
    /** Lets the reads of the pipes end. */
    async [Symbol.asyncDispose]() {
      for (const path of paths) await (await open(path, 'r+')).close();
      await folder.remove();
    },
  };
}

it('a read that hangs is given up on, and is not begun again while it hangs', async () => {
  await using folder = await folderWith('pipe');

  await expect(read(folder.path('pipe'))).rejects.toMatchObject(HANGING);
  await expect(read(folder.path('pipe'))).rejects.toMatchObject(HANGING_STILL);
});

it('a file is read again when it is no longer the one that hangs', async () => {
  await using folder = await folderWith('pipe');
  const link = folder.path('link');
  await symlink(folder.path('pipe'), link);
  await expect(read(link)).rejects.toMatchObject(HANGING);

  await writeFile(folder.path('file'), 'rules: []');
  await symlink(folder.path('file'), folder.path('new'));
  await rename(folder.path('new'), link);

  expect(await read(link)).toBe('rules: []');
});

it('while two reads hang, other files are refused, so that threads are left for the rest', async () => {
  await using folder = await folderWith('one', 'two');
  await writeFile(folder.path('file'), 'rules: []');
  await Promise.allSettled([read(folder.path('one')), read(folder.path('two'))]);

  await expect(read(folder.path('file'))).rejects.toMatchObject({ message: '2 reads of other files have not ended' });

  await (await open(folder.path('one'), 'r+')).close();
  await expect.poll(() => read(folder.path('file')).catch(() => 'refused')).toBe('rules: []');
});

it('what must not be read is refused before it is opened', async () => {
  await using folder = await folderWith('pipe');
  const check = (): void => {
    throw new Error('no regular file');
  };

  await expect(readFileWithin(folder.path('pipe'), check, LIMIT_MS)).rejects.toThrow('no regular file');
});
