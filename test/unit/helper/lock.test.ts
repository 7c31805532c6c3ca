/** The lock between processes that change the same file. */
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withLock } from '../../../src/helper/logins/lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** @returns how many were inside at once at most */
async function crowd(path: string, count: number): Promise<number> {
  let [inside, most, done] = [0, 0, 0];
  const work = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await readdir(folder);
    await readdir(folder);
    inside -= 1;
    done += 1;
  };
  await Promise.all(Array.from({ length: count }, () => withLock(path, work)));
  expect(done).toBe(count);
  return most;
}

it('one process at a time holds a lock, and none is left afterwards', async () => {
  expect(await crowd(join(folder, 'a.lock'), 8)).toBe(1);
  expect(await readdir(folder)).toEqual([]);
});

it('a lock that a killed process has left is removed once, whoever else waits for it', async () => {
  for (let round = 0; round < 2; round += 1) {
    const path = join(folder, `${round}.lock`);
    await writeFile(path, '');
    await utimes(path, new Date(0), new Date(0));

    expect(await crowd(path, 8)).toBe(1);
  }
  expect(await readdir(folder)).toEqual([]);
});

it('a lock that a killed process has left stays while another process removes it', async () => {
  const path = join(folder, 'a.lock');
  await writeFile(path, '');
  await utimes(path, new Date(0), new Date(0));
  await writeFile(`${path}.removal`, '');

  let isInside = false;
  const waiting = withLock(path, async () => void (isInside = true));
  // Several attempts.
  await sleep(100);
  const wasInside = isInside;
  await rm(`${path}.removal`);
  await waiting;

  expect([wasInside, isInside]).toEqual([false, true]);
});
