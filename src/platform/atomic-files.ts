/** Files that other processes see whole or not at all. */
import { randomUUID } from 'node:crypto';
import { chmod, link, rename, rm, stat, writeFile } from 'node:fs/promises';
import { codeOf } from '../core/system-error.ts';

/**
 * Makes a file, or replaces it in one step.
 *
 * @param mode whatever the umask is
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const draft = await writeDraft(path, text, mode);
  try {
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Writes a file under a name of its own, to be linked or renamed to `path`. It is flushed, so that a power cut does not
 * leave a name without content.
 *
 * @returns the path of the draft
 */
export async function writeDraft(path: string, content: string | Buffer, mode: number): Promise<string> {
  const draft = `${path}.${randomUUID()}.draft`;
  await writeFile(draft, content, { mode: 0o600, flag: 'wx', flush: true });
  await chmod(draft, mode);
  return draft;
}

/** The errors of file systems without hard links, such as some network and FUSE volumes. */
const NO_LINKS: readonly unknown[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * Gives a draft its final name unless the name is taken: of several processes, one succeeds.
 *
 * @returns whether this call has made the file
 * @throws Error that names the file on a file system without hard links
 */
export async function linkFirst(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return false;
    if (!NO_LINKS.includes(code)) throw error;
    throw new Error(
      `${path} cannot be made on a file system without hard links; make the key with "fairlead keygen" and name it in keys[].keyFile`,
      { cause: error },
    );
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}
