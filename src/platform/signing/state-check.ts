/**
 * Whether other users of the machine could replace what tokens are signed with. A key that somebody else planted would
 * sign tokens that every registry takes.
 */
import { stat } from 'node:fs/promises';
import { hasForeignOwner, othersMayWrite, ownGroupMayWrite } from '../../core/file-access.ts';
import type { FileAccess, ProcessUser } from '../../core/file-access.ts';
import { processUser } from '../process-user.ts';
import type { KeyConfig } from './config.ts';
import { keyFolder } from './generations.ts';
import { keyFiles } from './key-files.ts';

interface StateFindings {
  /** Reasons not to start. */
  readonly refusals: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * The folder and the keys that exist. Missing files and those of folders that cannot be entered are passed over: whoever
 * reads them reports that.
 *
 * @param user undefined: the system has no users as POSIX knows them, and nothing is checked
 */
export async function checkState(
  keys: readonly KeyConfig[],
  stateDir: string,
  user: ProcessUser | undefined = processUser(),
): Promise<StateFindings> {
  if (user === undefined) return { refusals: [], warnings: [] };
  const files = await Promise.all(keys.map((key) => keyFiles(key, stateDir)));
  const inside = [keyFolder(stateDir), ...files.flat()];
  const each = (check: Check) => Promise.all(inside.map((path) => ofPath(path, user, check)));
  return {
    refusals: [await ofPath(stateDir, user, folderRefusalFor), ...(await each(refusalFor))].filter(isText),
    warnings: [await ofPath(stateDir, user, folderWarningFor), ...(await each(groupWarningFor))].filter(isText),
  };
}

const isText = (text: string | undefined): text is string => text !== undefined;

type Check = (path: string, file: FileAccess, user: ProcessUser) => string | undefined;

async function ofPath(path: string, user: ProcessUser, check: Check): Promise<string | undefined> {
  const file = await stat(path).catch(() => undefined);
  return file === undefined ? undefined : check(path, file, user);
}

function refusalFor(path: string, file: FileAccess, user: ProcessUser): string | undefined {
  if (hasForeignOwner(file, user)) {
    return `${path} belongs to user ${file.uid}, who could replace it; run chown ${user.uid} on it`;
  }
  if (othersMayWrite(file, user)) return `${path} can be written by other users; run chmod go-w on it`;
  return undefined;
}

/** Where a pod has `fsGroup`, Kubernetes gives the group all files of a volume at each start, so this is no refusal. */
function groupWarningFor(path: string, file: FileAccess, user: ProcessUser): string | undefined {
  if (!ownGroupMayWrite(file, user)) return undefined;
  return `${path} can be written by the members of group ${file.gid}; run chmod g-w on it`;
}

/** Kubernetes makes the folder of an emptyDir root's and writable for everybody: refusing it would refuse each of them. */
const isSharedVolume = (file: FileAccess, user: ProcessUser): boolean =>
  file.uid === 0 && user.uid !== 0 && othersMayWrite(file, user);

function folderRefusalFor(path: string, file: FileAccess, user: ProcessUser): string | undefined {
  return isSharedVolume(file, user) ? undefined : refusalFor(path, file, user);
}

function folderWarningFor(path: string, file: FileAccess, user: ProcessUser): string | undefined {
  if (!isSharedVolume(file, user)) return undefined;
  return `${path} can be written by other users; name a folder inside it as stateDir, which is then made for this user only`;
}
