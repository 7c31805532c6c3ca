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

export function othersMayRead(file: FileAccess, user: ProcessUser): boolean {
  return othersMay(0o4, file, user);
}

export function othersMayWrite(file: FileAccess, user: ProcessUser): boolean {
  return othersMay(0o2, file, user);
}

/**
 * A group that this process is in counts as its own where the file belongs to somebody else: that is how an orchestrator
 * gives files to a container (root's, with the group that `fsGroup` names), and a package to its service.
 */
function othersMay(bit: number, file: FileAccess, user: ProcessUser): boolean {
  const isWayIn = file.uid !== user.uid && user.gids.includes(file.gid);
  return (file.mode & bit) !== 0 || (!isWayIn && (file.mode & (bit << 3)) !== 0);
}
