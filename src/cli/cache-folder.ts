/** Where the cache of compiled code is. Whoever can write there chooses what this process runs. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * A folder in the home of the user, by the XDG Base Directory Specification, which ignores relative paths. Without a
 * home there is no cache: the default of Node.js is in the folder for temporary files, where another user of the
 * machine could put code before this process starts.
 */
export function cacheFolder({
  XDG_CACHE_HOME: cache,
  HOME: home,
}: Readonly<Record<string, string | undefined>>): string | undefined {
  if (cache?.startsWith('/') === true) return join(cache, 'fairlead');
  return home?.startsWith('/') === true && home !== '/' ? join(home, '.cache', 'fairlead') : undefined;
}

/**
 * The folder without symbolic links, if nobody but this user and root can write to it, replace it or create it. `sudo`
 * may keep the home of another user, and a home may be the folder for temporary files.
 *
 * @param path absolute; the folder need not exist
 * @param user the id of this user; undefined: the system has no such ids
 * @returns undefined when another user could write there, or it cannot be found out
 */
export function privateFolder(path: string, user = process.geteuid?.()): string | undefined {
  try {
    const existing = nearestExisting(path);
    const real = realpathSync(existing);
    return isPrivate(real, user) ? join(real, relative(existing, path)) : undefined;
  } catch {
    return undefined;
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function isPrivate(folder: string, user: number | undefined): boolean {
  return isClosed(folder, [user]) && ancestorsOf(folder).every((above) => isClosed(above, [user, 0], STICKY));
}

/** In a folder with this bit, only its owner and that of an entry can replace the entry. */
const STICKY = 0o1000;
const WRITABLE_BY_OTHERS = 0o022;

function isClosed(folder: string, owners: readonly (number | undefined)[], sufficientBit = 0): boolean {
  const { uid, mode } = statSync(folder);
  return owners.includes(uid) && ((mode & WRITABLE_BY_OTHERS) === 0 || (mode & sufficientBit) !== 0);
}

function ancestorsOf(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [] : [above, ...ancestorsOf(above)];
}
