/**
 * Whether other users of the machine could replace what tokens are signed with. A key that somebody else planted would
 * sign tokens that every registry takes.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasForeignOwner, othersMayWrite } from '../../core/file-access.ts';
import type { FileAccess, ProcessUser } from '../../core/file-access.ts';
import { processUser } from '../process-user.ts';
import type { KeyConfig } from './config.ts';
import { keyFilesOf } from './key-files.ts';

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
  const files = keys.map((key) => keyFilesOf(key, stateDir)).flatMap(({ keyFile, certFile }) => [keyFile, certFile]);
  const inside = [join(stateDir, 'keys'), ...files].filter((path) => path !== undefined);
  const refusals = await Promise.all(inside.map((path) => ofPath(path, user, refusalFor)));
  return {
    refusals: [await ofPath(stateDir, user, folderRefusalFor), ...refusals].filter((text) => text !== undefined),
    warnings: [await ofPath(stateDir, user, folderWarningFor)].filter((text) => text !== undefined),
  };
}

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
