/** Secrets that operators rotate in place: a file is read again when it changes, a variable at each use. */
import type { BigIntStats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { SecretRef } from '../backends/fields.ts';
import { BrokerError } from '../core/errors.ts';
import { raceRead, shareRead } from '../core/hanging-reads.ts';
import { Secret } from '../core/identity.ts';
import type { SecretSource } from '../core/identity.ts';
import { causeOf } from './read-text.ts';

const MAX_BYTES = 64 * 1024;
/** Within the time of a login. */
const LIMIT_MS = 5000;

/** @returns a function that turns the secret references of the configuration into sources */
export function createSecrets(
  env: Readonly<Record<string, string | undefined>> = process.env,
): (ref: SecretRef) => SecretSource {
  return ({ source }) => ('env' in source ? envSecret(source.env, env) : fileSecret(source.file));
}

function envSecret(name: string, env: Readonly<Record<string, string | undefined>>): SecretSource {
  return {
    read: async () => {
      const value = env[name] ?? '';
      if (value === '') throw unusable(`the environment variable ${name} is not set`);
      return new Secret(value);
    },
  };
}

/** Between uses, the secret is kept as bytes outside V8's heap, so that a heap snapshot does not contain it. */
function fileSecret(path: string): SecretSource {
  let cached: { readonly stamp: string; readonly bytes: Uint8Array } | undefined;
  return {
    read: async () => {
      const stamp = stampOf(await statFile(path));
      if (cached?.stamp !== stamp) {
        cached = await fromFile(path, () => raceRead(`secret ${path} ${stamp}`, () => readSecret(path), late()));
      }
      return secretOf(cached.bytes, path);
    },
  };
}

/** Differs after every change of the file; a symbolic link that is swapped leads to another inode. */
function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

async function statFile(path: string): Promise<BigIntStats> {
  const found = await fromFile(path, () => shareRead(`secret ${path}`, () => stat(path, { bigint: true }), late));
  // Opening a pipe would wait for a writer.
  if (!found.isFile()) throw unusable(`the secret file ${path} is not a regular file`);
  return found;
}

async function readSecret(path: string): Promise<{ readonly stamp: string; readonly bytes: Uint8Array }> {
  return await fromFile(path, async () => {
    await using file = await open(path);
    // Before the bytes are read: the next use notices a change in between.
    const found = await file.stat({ bigint: true });
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > MAX_BYTES) throw unusable(`the secret file ${path} is larger than ${MAX_BYTES} bytes`);
    const bytes = buffer.subarray(0, bytesRead);
    // An invalid file is not cached: this throws, and the next use reads the file again.
    secretOf(bytes, path);
    return { stamp: stampOf(found), bytes: Uint8Array.from(bytes) };
  });
}

function late(): Promise<unknown> {
  return delay(LIMIT_MS, undefined, { ref: false });
}

function secretOf(bytes: Uint8Array, path: string): Secret {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Without the cause, which could quote the bytes.
    throw unusable(`the secret file ${path} is not UTF-8 text`);
  }
  // Editors and `echo` add a newline; other white space belongs to the secret.
  const value = text.replace(/\r?\n$/, '');
  if (value === '') throw unusable(`the secret file ${path} is empty`);
  return new Secret(value);
}

async function fromFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BrokerError) throw error;
    throw unusable(`the secret file ${path} cannot be read (${causeOf(error)})`, error);
  }
}

function unusable(message: string, cause?: unknown): BrokerError {
  return new BrokerError('backend_unavailable', message, { cause });
}
