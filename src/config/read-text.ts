/** Reads a configuration file as text, with limits on size and time. */
import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { codeOf } from '../core/system-error.ts';
import { readFileWithin } from '../backends/read-file.ts';
import { ConfigError } from './problems.ts';

const REVISION_DIGITS = 12;

interface TextFile {
  readonly text: string;
  /** The first digits of the SHA-256 of the bytes. */
  readonly revision: string;
}

/** @throws ConfigError when it is not a regular file of at most `maxBytes` bytes of UTF-8. */
export async function readTextFile(path: string, maxBytes: number): Promise<TextFile> {
  const bytes = await readBytes(path, maxBytes);
  const revision = revisionOf(bytes);
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), revision };
  } catch (error) {
    throw fileError(path, 'found bytes that are not UTF-8, expected a text file in UTF-8', error);
  }
}

/** The first digits of the SHA-256. */
export function revisionOf(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, REVISION_DIGITS);
}

async function readBytes(path: string, maxBytes: number): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFileWithin(path, (found) => {
      // Reading a pipe would wait for a writer.
      if (!found.isFile()) throw fileError(path, 'found no regular file, expected a text file');
      if (found.size > maxBytes) throw fileError(path, `found ${found.size} bytes, expected ${maxBytes} at most`);
    });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw fileError(path, `cannot be read (${causeOf(error)}), expected a text file`, error);
  }
  // The file may have grown since `stat`.
  if (bytes.length > maxBytes) throw fileError(path, `found ${bytes.length} bytes, expected ${maxBytes} at most`);
  return bytes;
}

function fileError(path: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError([{ file: shownPath(path), line: 0, column: 0, path: '', message }], { cause });
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'it is a folder',
  ETIMEDOUT: 'its file system does not answer',
  ENOSPC: 'no space left on the device',
  EFBIG: 'the file may not grow further',
  EROFS: 'the file system is read-only',
};

/** A file system error in words. A denial names the user: in a container it often is not the owner of the file. */
export function causeOf(error: unknown): string {
  const code = codeOf(error) ?? 'no answer';
  if (code === 'EACCES') return `permission denied to user ${process.geteuid?.() ?? 'of this process'}`;
  return CAUSES[code] ?? code;
}

/** A path for messages: relative to the working folder if it is inside it. */
export function shownPath(path: string): string {
  const short = relative('', path);
  return short === '' || short.startsWith('..') ? path : short;
}
