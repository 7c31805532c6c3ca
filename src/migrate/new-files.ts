/** Writes the files of an import, and never over anything that is there. */
import { lstat, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from '../config/problems.ts';
import { causeOf, shownPath } from '../config/read-text.ts';

export interface NewFile {
  /** The path below the folder that is written to. */
  readonly name: string;
  readonly text: string;
  /** Whether only its owner may read it. */
  readonly secret?: boolean;
}

const OWNER_ONLY = 0o600;
const READABLE = 0o644;
const OWNER_FOLDER = 0o700;

/**
 * @returns the paths of the files
 * @throws ConfigError when one of them is there already, or cannot be written
 */
export async function writeNewFiles(folder: string, files: readonly NewFile[]): Promise<readonly string[]> {
  const paths = files.map(({ name }) => join(folder, name));
  const there = (await Promise.all(paths.map(isThere))).flatMap((found, index) => (found ? (paths[index] ?? []) : []));
  if (there.length > 0)
    throw refusal(there, 'is there already; nothing was written: choose another folder, or move it away');
  for (const { name, text, secret = false } of files) {
    const path = join(folder, name);
    try {
      await mkdir(dirname(path), { recursive: true, ...(secret && name.includes('/') ? { mode: OWNER_FOLDER } : {}) });
      // Exclusive, so that what came in between is not written over, nor a link followed.
      await using file = await open(path, 'wx', secret ? OWNER_ONLY : READABLE);
      await file.writeFile(text);
    } catch (error) {
      throw refusal([path], `cannot be written (${causeOf(error)})`);
    }
  }
  return paths;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}

function refusal(paths: readonly string[], message: string): ConfigError {
  return new ConfigError(paths.map((path) => ({ file: shownPath(path), line: 0, column: 0, path: '', message })));
}
