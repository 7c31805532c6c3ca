/**
 * Makes a folder and those above it. `mkdir` of Node with `recursive` does the same, but never ends where the system
 * accepts no folder and gives the reason ENOENT, as in /proc.
 */
import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../core/system-error.ts';

/** @returns the first folder that was made; undefined: the folder was there. @throws the error of the system */
export async function makeFolder(path: string, mode?: number): Promise<string | undefined> {
  try {
    await mkdir(path, { mode });
    return path;
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await stat(path)).isDirectory()) return undefined;
    const parent = dirname(path);
    if (codeOf(error) !== 'ENOENT' || parent === path) throw error;
    const made = await makeFolder(parent, mode);
    if (made === undefined) throw error;
    await makeFolder(path, mode);
    return made;
  }
}

/** The same for threads that may block. */
export function makeFolderSync(path: string, mode?: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && statSync(path).isDirectory()) return;
    const parent = dirname(path);
    if (codeOf(error) !== 'ENOENT' || parent === path || statSync(parent, { throwIfNoEntry: false }) !== undefined)
      throw error;
    makeFolderSync(parent, mode);
    makeFolderSync(path, mode);
  }
}
