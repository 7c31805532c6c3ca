/** Everything that the repository has is in it. */
import { lstat, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../../..');
/** Folders that are not in the repository, or have no files of ours. */
const LEFT_OUT = new Set(['.git', 'node_modules', 'build', 'dist', 'data', 'coverage', 'reports', 'mine']);

/** @returns the paths of symbolic links below a folder, without those in folders that are left out at the top */
async function linksBelow(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => !LEFT_OUT.has(name));
  const below = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const found = await lstat(path);
      if (!found.isDirectory()) return [{ path, isLink: found.isSymbolicLink() }];
      const entries = await readdir(path, { recursive: true, withFileTypes: true });
      return entries.map((entry) => ({ path: join(entry.parentPath, entry.name), isLink: entry.isSymbolicLink() }));
    }),
  );
  return below.flat().flatMap(({ path, isLink }) => (isLink ? [path] : []));
}

it('the repository has no symbolic link, which would lead to a file of one machine', async () => {
  expect(await linksBelow(ROOT)).toEqual([]);
});

it('the search for symbolic links finds one to a file that does not exist', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-links-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const link = join(folder, 'program');
  await symlink('/nonexistent', link);

  expect(await linksBelow(folder)).toEqual([link]);
});
