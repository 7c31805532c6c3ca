import { readFile, stat } from 'node:fs/promises';
import { UsersFileError } from './problems.ts';

const MAX_BYTES = 4 * 1024 * 1024;
/** A network share that hangs must not hang the start, or every reload after this one. */
const TIMEOUT_MS = 10_000;

/** Reads a text file. @throws UsersFileError when it cannot be read, is too large or is not UTF-8. */
export async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UsersFileError([`${path}: found bytes that are not UTF-8, expected a text file in UTF-8`], {
      cause: error,
    });
  }
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    const found = await stat(path);
    // A pipe would wait for a writer.
    if (!found.isFile()) throw new UsersFileError([`${path}: found no regular file, expected a text file`]);
    if (found.size > MAX_BYTES) {
      throw new UsersFileError([`${path}: found ${found.size} bytes, expected ${MAX_BYTES} at most`]);
    }
    return await readFile(path, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    if (error instanceof UsersFileError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
    throw new UsersFileError([`${path}: found no file that can be read (${code}), expected a text file`], {
      cause: error,
    });
  }
}
