/** Reads a file within a time limit, also on a network share that hangs. */
import type { Stats } from 'node:fs';
import { lstat, readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { raceRead, shareRead } from '../core/hanging-reads.ts';

const LIMIT_MS = 10_000;

/**
 * @param check called before the file is opened; it throws where the file must not be read
 * @throws what the file system throws; an Error with the code ETIMEDOUT when it does not answer
 */
export async function readFileWithin(
  path: string,
  check: (found: Stats) => void = () => undefined,
  limitMs: number = LIMIT_MS,
): Promise<Buffer> {
  const found = await statWithin(path, limitMs);
  check(found);
  return raceRead(`read ${identityOf(found)}`, () => readFile(path), over(limitMs));
}

/** As `stat`. A symbolic link that leads elsewhere now is asked anew, also while its former target hangs. */
async function statWithin(path: string, limitMs: number = LIMIT_MS): Promise<Stats> {
  const link = await shareRead(
    `lstat ${path}`,
    () => lstat(path),
    () => over(limitMs),
  );
  if (!link.isSymbolicLink()) return link;
  return shareRead(
    `stat ${path} ${identityOf(link)}`,
    () => stat(path),
    () => over(limitMs),
  );
}

function identityOf({ dev, ino, ctimeMs }: Stats): string {
  return [dev, ino, ctimeMs].join(' ');
}

function over(limitMs: number): Promise<unknown> {
  return delay(limitMs, undefined, { ref: false });
}
