/** What tests build or fetch for themselves, because no Debian package has it; kept from run to run. */
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * @param name of the file or folder kept; it names the version, because what is there is never made again
 * @param make makes it in an empty folder and returns its path
 * @returns where it is: in the user's cache, or the folder for temporary files
 */
export async function madeOnce(name: string, make: (draft: string) => Promise<string>): Promise<string> {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? tmpdir(), 'fairlead-tests');
  const kept = join(folder, name);
  if (await exists(kept)) return kept;
  await mkdir(folder, { recursive: true });
  // Two runs may make it at once, and nothing must be used before it is whole.
  const draft = await mkdtemp(join(folder, 'draft-'));
  try {
    const made = await make(draft);
    await rename(made, kept).catch(async (error: unknown) => {
      if (!(await exists(kept))) throw error;
    });
    return kept;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
