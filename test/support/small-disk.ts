/** A disk that is soon full. Needs root. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasRoot } from './parts.ts';
import { giveToPostgres } from './postgres.ts';
import { runOk } from './process.ts';

/** Whether one can be mounted here. */
export function canMount(): boolean {
  return hasRoot({ program: 'mount' });
}

export interface SmallDisk extends AsyncDisposable {
  /** For the user `postgres`. */
  readonly folder: string;
  /** @param megabytes its new size */
  grow(megabytes: number): Promise<void>;
}

/** @param megabytes its size */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-disk-'));
  await runOk('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  await giveToPostgres(folder);
  return {
    folder,
    grow: async (size) => {
      await runOk('mount', ['-o', `remount,size=${size}m`, folder]);
    },
    [Symbol.asyncDispose]: async () => {
      await runOk('umount', [folder]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
