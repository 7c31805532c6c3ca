/** Who else may read or write a file, by its mode (POSIX). Root may in any case. */

export interface FileAccess {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

export interface ProcessUser {
  readonly uid: number;
  /** The effective and the supplementary groups. */
  readonly gids: readonly number[];
}

/** Whether the file belongs to somebody who is neither this process nor root. */
export function hasForeignOwner({ uid }: FileAccess, user: ProcessUser): boolean {
  return uid !== 0 && uid !== user.uid;
}

/**
 * Whether somebody else may read the file. A group that this process is in counts as its own where the file belongs to
 * somebody else: that is how an orchestrator gives secrets to a container (root's, with the group that `fsGroup` names).
 */
export function othersMayRead({ mode, uid, gid }: FileAccess, user: ProcessUser): boolean {
  const isForGroup = uid !== user.uid && user.gids.includes(gid);
  return (mode & 0o004) !== 0 || ((mode & 0o040) !== 0 && !isForGroup);
}

/** Whether somebody outside the groups of this process may write to the file. */
export function othersMayWrite(file: FileAccess, user: ProcessUser): boolean {
  return (file.mode & 0o002) !== 0 || ((file.mode & 0o020) !== 0 && !user.gids.includes(file.gid));
}

/** Whether the members of a group of this process may write to the file. */
export function ownGroupMayWrite(file: FileAccess, user: ProcessUser): boolean {
  return (file.mode & 0o020) !== 0 && user.gids.includes(file.gid);
}
