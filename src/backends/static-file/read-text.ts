import { codeOf } from '../../core/system-error.ts';
import { readFileWithin } from '../read-file.ts';
import { UsersFileError } from './problems.ts';

const MAX_BYTES = 4 * 1024 * 1024;

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
    return await readFileWithin(path, (found) => {
      // A pipe would wait for a writer.
      if (!found.isFile()) throw new UsersFileError([`${path}: found no regular file, expected a text file`]);
      if (found.size > MAX_BYTES) {
        throw new UsersFileError([`${path}: found ${found.size} bytes, expected ${MAX_BYTES} at most`]);
      }
    });
  } catch (error) {
    if (error instanceof UsersFileError) throw error;
    const code = codeOf(error) ?? 'no answer';
    throw new UsersFileError([`${path}: found no file that can be read (${code}), expected a text file`], {
      cause: error,
    });
  }
}
