/**
 * Keyed digests of secrets that must be recognised after a restart, such as the password of a user at the time of a
 * login. The key is a file in the state folder, so that a copy of the database alone does not help to guess a secret.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../core/system-error.ts';
import { writeDraft } from './atomic-files.ts';

const KEY_BYTES = 32;

/** @returns the file with the key, which is made when the first digest is */
export function secretMarkKeyFile(stateDir: string): string {
  return join(stateDir, 'secret-marks.key');
}

/**
 * HMAC-SHA-256 (RFC 2104). Without its key file, all digests are others: what depended on them ends.
 *
 * @throws Error that names the file when it cannot be read or made
 */
export function createSecretMarks(stateDir: string): (text: string) => Promise<string> {
  let key: Promise<Buffer> | undefined;
  return async (text) => {
    key ??= loadKey(stateDir);
    try {
      return createHmac('sha256', await key)
        .update(text)
        .digest('base64url');
    } catch (error) {
      // The next use tries again.
      key = undefined;
      throw error;
    }
  };
}

async function loadKey(stateDir: string): Promise<Buffer> {
  const file = secretMarkKeyFile(stateDir);
  const found = await readKey(file);
  if (found !== undefined) return found;
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const draft = await writeDraft(file, randomBytes(KEY_BYTES), 0o600);
  try {
    // Another broker that starts at the same time may have linked its own: that one is used then.
    await link(draft, file).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  const made = await readKey(file);
  if (made === undefined) throw new Error(`${file} cannot be made`);
  return made;
}

async function readKey(file: string): Promise<Buffer | undefined> {
  try {
    const key = await readFile(file);
    if (key.length === KEY_BYTES) return key;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  throw new Error(
    `${file} does not have ${KEY_BYTES} bytes: restore it, or remove it to end all refresh tokens of its users`,
  );
}
