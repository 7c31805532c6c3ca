import type { ProcessUser } from '../core/file-access.ts';

/** The user that this process runs as; undefined where the system has no users as POSIX knows them. */
export function processUser(): ProcessUser | undefined {
  const { geteuid, getegid, getgroups } = process;
  if (geteuid === undefined || getegid === undefined || getgroups === undefined) return undefined;
  return { uid: geteuid(), gids: [getegid(), ...getgroups()] };
}
