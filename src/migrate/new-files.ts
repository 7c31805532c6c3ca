/** Writes the files of an import. It never overwrites a file. */
import { lstat, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from '../config/problems.ts';
import { causeOf, shownPath } from '../config/read-text.ts';
import { makeFolder } from '../platform/make-folder.ts';

export interface NewFile {
  /** The path relative to the output folder. */
  readonly name: string;
  readonly text: string;
  /** Whether only the owner may read it. */
  readonly secret?: boolean;
}

const OWNER_ONLY = 0o600;
const READABLE = 0o644;
const OWNER_FOLDER = 0o700;

/**
 * @returns the paths of the files
 * @throws ConfigError if one of them exists already or cannot be written
 */
export async function writeNewFiles(folder: string, files: readonly NewFile[]): Promise<readonly string[]> {
  const paths = files.map(({ name }) => join(folder, name));
  const there = (await Promise.all(paths.map(isThere))).flatMap((found, index) => (found ? (paths[index] ?? []) : []));
  if (there.length > 0)
    throw refusal(there, 'exists already; nothing was written: choose another folder, or move the file');
  for (const { name, text, secret = false } of files) {
    const path = join(folder, name);
    try {
      await makeFolder(dirname(path), secret && name.includes('/') ? OWNER_FOLDER : undefined);
      // O_EXCL: a file that was created in the meantime is not overwritten, and a link is not followed.
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
