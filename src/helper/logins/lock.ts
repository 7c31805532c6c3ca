/** A lock between processes that change the same file, such as parallel `docker login` commands. */
import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../../core/system-error.ts';
import { HelperError } from '../host.ts';

const RETRY_MS = 20;
/** A change takes milliseconds. */
const WAIT_MS = 10_000;
/** The lock of a process that was killed is removed after this time. */
const ABANDONED_MS = 5_000;

/**
 * Runs some work while no other process holds the lock.
 *
 * @throws HelperError when another process holds it for too long
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await acquire(path);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function acquire(path: string): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (Date.now() < end) {
    if (await create(path)) return;
    await removeAbandoned(path);
    await sleep(RETRY_MS);
  }
  throw new HelperError(`another process changes the stored logins; if none does, remove ${path}`);
}

/** @returns false when the file exists */
async function create(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    await file.close();
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * One process at a time looks and removes. Of two that have both seen an abandoned lock, the second would otherwise remove
 * the new lock of the first.
 */
async function removeAbandoned(path: string): Promise<void> {
  if (!(await isAbandoned(path))) return;
  const guard = `${path}.removal`;
  if (!(await create(guard))) {
    // Its process was killed between two calls of the file system.
    if (await isAbandoned(guard)) await rm(guard, { force: true });
    return;
  }
  try {
    if (await isAbandoned(path)) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    return Date.now() - mtimeMs > ABANDONED_MS;
  } catch {
    return false;
  }
}
