/** Finds programs by the variable PATH. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Host } from '../host.ts';

/**
 * @param mode what this process must be allowed to do with the file (access(2))
 * @returns the path of the first program of this name; undefined when there is none
 */
export async function findProgram(
  name: string,
  { env, platform }: Pick<Host, 'env' | 'platform'>,
  mode: number = constants.X_OK,
): Promise<string | undefined> {
  const file = platform === 'win32' ? `${name}.exe` : name;
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    // A relative entry would start a program of the folder in which the client happens to run.
    if (!isAbsolute(folder)) continue;
    const path = join(folder, file);
    if (await isAccessible(path, mode)) return path;
  }
  return undefined;
}

async function isAccessible(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch {
    return false;
  }
}
