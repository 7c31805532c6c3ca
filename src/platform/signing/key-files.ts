/** Keys on disk: made on the first start, read on every other, never overwritten. */
import { randomUUID } from 'node:crypto';
import { link, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KeyConfig } from './config.ts';
import type { KeyFiles } from './read-key.ts';
import { makeFolder } from '../make-folder.ts';

/** How long the certificate of a key may be missing: far longer than it takes to link a file. */
const WAIT_MS = 2000;

export function keyFilesOf({ name, keyFile, certFile }: KeyConfig, stateDir: string): KeyFiles {
  if (keyFile !== undefined) return { keyFile: keyFile.path, certFile: certFile?.path };
  const folder = join(stateDir, 'keys');
  return { keyFile: join(folder, `${name}.pem`), certFile: join(folder, `${name}.crt`) };
}

/**
 * Makes the key and its certificate in `stateDir` unless they exist. Two brokers that start at the same time agree: the
 * first to link its file into place wins, and the other uses that file.
 *
 * @param waitMs how long to wait for the certificate of a key that another broker has just made
 * @throws Error that names the file when it cannot be made, or a key has lost its certificate
 */
export async function ensureKey(config: KeyConfig, stateDir: string, waitMs = WAIT_MS): Promise<'made' | 'found'> {
  const { keyFile, certFile } = keyFilesOf(config, stateDir);
  if (config.keyFile !== undefined || certFile === undefined || (await exists(certFile))) return 'found';
  await makeFolder(join(stateDir, 'keys'), 0o700);
  if (await exists(keyFile)) return await waitForCertificate(keyFile, certFile, waitMs);
  // Only a first start needs this module, which takes long to load.
  const { makeKey } = await import('./keygen.ts');
  const made = await makeKey(config.algorithm, config.name);
  // The broker that links the key links the certificate too, so that the two always belong together.
  const draft = `${keyFile}.${randomUUID()}.draft`;
  try {
    await writeDraft(draft, made.key, 0o600);
    await writeDraft(`${draft}.crt`, made.certificate, 0o644);
    if (!(await linkedFirst(draft, keyFile))) return await waitForCertificate(keyFile, certFile, waitMs);
    await linkedFirst(`${draft}.crt`, certFile);
    return 'made';
  } finally {
    await rm(draft, { force: true });
    await rm(`${draft}.crt`, { force: true });
  }
}

/** Flushed, so that a power cut does not leave a name without content. */
async function writeDraft(path: string, text: string, mode: number): Promise<void> {
  await writeFile(path, text, { mode, flag: 'wx', flush: true });
}

/** The errors of file systems without hard links, such as some network and FUSE volumes. */
const NO_LINKS: readonly unknown[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

async function linkedFirst(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return false;
    if (!NO_LINKS.includes(code)) throw error;
    throw new Error(
      `${to} cannot be made on a file system without hard links; make the key with "fairlead keygen" and name it in keys[].keyFile`,
      { cause: error },
    );
  }
}

/** Another broker that starts now has linked its key and is about to link the certificate. */
async function waitForCertificate(keyFile: string, certFile: string, waitMs: number): Promise<'found'> {
  const until = performance.now() + waitMs;
  while (performance.now() < until) {
    if (await exists(certFile)) return 'found';
    await delay(20);
  }
  throw new Error(
    `${keyFile} exists without its certificate ${certFile}: restore the certificate, or remove the key to make both again`,
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
