import { join } from 'node:path';

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
