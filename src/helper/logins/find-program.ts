/** Finds programs by the variable PATH. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Host } from '../host.ts';

/** @returns the path of the first program of this name; undefined when there is none */
export async function findProgram(
  name: string,
  { env, platform }: Pick<Host, 'env' | 'platform'>,
): Promise<string | undefined> {
  const file = platform === 'win32' ? `${name}.exe` : name;
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    // A relative entry would start a program of the folder in which the client happens to run.
    if (!isAbsolute(folder)) continue;
    const path = join(folder, file);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
