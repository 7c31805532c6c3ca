/** The folder with the files of the helper, and reading and writing them. */
import { randomUUID } from 'node:crypto';
import { access, chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../../core/system-error.ts';
import { HelperError } from '../host.ts';
import type { Host } from '../host.ts';

/** Permissions of files that only their owner may read and write. */
const PRIVATE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** Permissions of the group and of others. */
const OTHERS = 0o077;
/** Thousands of logins. */
const MAX_BYTES = 4 * 1024 * 1024;

/** `$XDG_STATE_HOME/fairlead`: the folder for state of programs (XDG Base Directory Specification 0.8). */
export function stateFolder({ env }: Pick<Host, 'env'>): string {
  const state = env['XDG_STATE_HOME'];
  // A relative path must be ignored, as the specification says.
  return join(state?.startsWith('/') === true ? state : join(homeOf({ env }), '.local/state'), 'fairlead');
}

export function homeOf({ env }: Pick<Host, 'env'>): string {
  return env['HOME'] ?? homedir();
}

/**
 * Reads a file that only its owner may read.
 *
 * @returns undefined when there is none
 * @throws HelperError when other users may read or write it
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw new HelperError(
      `cannot read ${path}: ${codeOf(error) ?? 'unknown error'}; make it a file that you may read`,
      { cause: error },
    );
  }
  try {
    // Of the open file, so that nobody can exchange it between the check and the read.
    const { mode, uid, size } = await file.stat();
    const { geteuid } = process;
    if (geteuid !== undefined) {
      if ((mode & OTHERS) !== 0)
        throw new HelperError(`${path} can be read or written by other users; run chmod 600 on it and log in again`);
      if (uid !== geteuid()) throw new HelperError(`${path} belongs to another user; remove it and log in again`);
    }
    if (size > MAX_BYTES)
      throw new HelperError(`${path} is larger than ${MAX_BYTES} bytes; remove it and log in again`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/**
 * Replaces a file in one step: readers see the old or the new one.
 *
 * @param mode its permissions; by default, only the owner may read it
 */
export async function replaceFile(path: string, text: string, mode = PRIVATE): Promise<void> {
  const draft = `${path}.${randomUUID()}.draft`;
  try {
    const file = await open(draft, 'wx', PRIVATE);
    try {
      await file.writeFile(text);
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

export async function makePrivateFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const { mode } = await stat(folder);
  if ((mode & OTHERS) !== 0) await chmod(folder, PRIVATE_FOLDER);
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
