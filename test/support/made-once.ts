/** Programs that tests build or fetch, because no Debian package has them. They are cached from run to run. */
import { existsSync } from 'node:fs';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * @param name of the file or folder in the cache, with the version: what is there is never made again
 * @param make makes it in an empty folder and returns its path
 * @returns where it is: in the user's cache, or the folder for temporary files
 */
export async function madeOnce(name: string, make: (draft: string) => Promise<string>): Promise<string> {
  const folder = cacheFolder();
  const cached = join(folder, name);
  if (await exists(cached)) return cached;
  await mkdir(folder, { recursive: true });
  // Two runs may make it at once, and nothing must be used before it is whole.
  const draft = await mkdtemp(join(folder, 'draft-'));
  try {
    const made = await make(draft);
    await rename(made, cached).catch(async (error: unknown) => {
      if (!(await exists(cached))) throw error;
    });
    return cached;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * Whether it is in the cache, for what takes too long to make for every test that could use it.
 *
 * @param hint how it is made, for the output when it is absent
 */
export function isMade(name: string, hint: string): boolean {
  if (existsSync(join(cacheFolder(), name))) return true;
  console.warn(`absent: ${name} (${hint}); its tests are skipped`);
  return false;
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? tmpdir(), 'fairlead-tests');
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
