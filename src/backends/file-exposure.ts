/** Whether others than the broker can read a secret in a file. */
import { stat } from 'node:fs/promises';
import { othersMayRead } from '../core/file-access.ts';
import type { FileAccess } from '../core/file-access.ts';

/** @returns what is wrong and what to do, or undefined; a file that cannot be found is reported by whoever reads it */
export async function exposure(path: string): Promise<string | undefined> {
  const { geteuid, getegid, getgroups } = process;
  if (geteuid === undefined || getegid === undefined || getgroups === undefined) return undefined;
  const file: FileAccess | undefined = await stat(path).catch(() => undefined);
  if (file === undefined || !othersMayRead(file, { uid: geteuid(), gids: [getegid(), ...getgroups()] }))
    return undefined;
  return `${path} holds a secret and can be read by other users; run chmod 600 on it`;
}
