/**
 * What registries need to verify tokens, in a folder of its own: a registry that mounts it never sees a private key.
 * All of it is public.
 */
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../core/system-error.ts';
import { replaceFile } from '../atomic-files.ts';
import { certificateBundle, jwks } from './keyset.ts';
import type { Keyset } from './keyset.ts';
import { makeFolder } from '../make-folder.ts';

/** Readable for the users of other containers; writable for the broker alone. */
const FOLDER_MODE = 0o755;
const FILE_MODE = 0o644;

interface TrustPaths {
  /** The certificates of all keys, for `rootcertbundle`. */
  readonly bundle: string;
  /** The JSON Web Key Set of all keys that registries can know by an id: keys of an authority come and go. */
  readonly keySet: string;
  /** The certificate of one key with its chain, for a registry that must trust no other. */
  readonly certificate: (key: string) => string;
}

export function trustPaths(folder: string): TrustPaths {
  return {
    bundle: join(folder, 'certificates.pem'),
    keySet: join(folder, 'jwks.json'),
    certificate: (key) => join(folder, `${key}.crt`),
  };
}

/**
 * Writes the files that are missing or differ; each is replaced in one step. Files of keys that are not configured any more
 * stay: a registry may still name them.
 *
 * @returns the names of the files that were written
 * @throws Error that names the folder
 */
export async function writeTrustFiles(keyset: Keyset, folder: string): Promise<readonly string[]> {
  const { bundle, keySet, certificate } = trustPaths(folder);
  const certificates = keyset
    .filter(({ chain }) => chain.length > 0)
    .map((key) => [certificate(key.name), certificateBundle([key])] as const);
  const files = [
    [bundle, certificateBundle(keyset)] as const,
    [keySet, `${jwks(keyset.filter(({ isCertified }) => !isCertified))}\n`] as const,
    ...certificates,
  ];
  try {
    const made = await makeFolder(folder, FOLDER_MODE);
    // The mode of `mkdir` is subject to the umask. The folder of an operator keeps its mode.
    if (made !== undefined) await chmod(folder, FOLDER_MODE);
    const written: string[] = [];
    for (const [path, text] of files) if (await replaceIfDifferent(path, text)) written.push(path);
    return written;
  } catch (error) {
    throw new Error(`the certificates and keys for registries cannot be written to trustDir (${folder})`, {
      cause: error,
    });
  }
}

/** @returns whether the file was missing or had another content */
async function replaceIfDifferent(path: string, text: string): Promise<boolean> {
  if ((await contentOf(path)) === text) return false;
  await replaceFile(path, text, FILE_MODE);
  return true;
}

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
