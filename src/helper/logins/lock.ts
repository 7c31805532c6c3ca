/** A lock between processes that change the same file, such as parallel `docker login` commands. */
import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { HelperError } from '../host.ts';
import { codeOf } from './state-folder.ts';

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
    try {
      const lock = await open(path, 'wx', 0o600);
      await lock.close();
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    if (await isAbandoned(path)) await rm(path, { force: true });
    else await sleep(RETRY_MS);
  }
  throw new HelperError(`another process changes the stored logins; if none does, remove ${path}`);
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    return Date.now() - mtimeMs > ABANDONED_MS;
  } catch {
    return false;
  }
}
