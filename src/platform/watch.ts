/**
 * Tells when files change, by looking at them. Events of the file system are missed on network and bind mounts, and
 * Kubernetes swaps a symbolic link two levels above the file; what a path leads to is the same question everywhere.
 */
import { unwatchFile, watchFile } from 'node:fs';
import type { Stats } from 'node:fs';

const INTERVAL_MS = 500;
/** Editors and `kubectl` write in several steps; what follows within this time is one change. */
const SETTLE_MS = 150;

/**
 * @param paths absolute paths; one that does not exist counts as changed when it appears
 * @returns a function that stops watching
 */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  let settle: NodeJS.Timeout | undefined;
  const listener = (now: Stats, before: Stats): void => {
    // Node tells of a file that is not there as soon as it is watched.
    if (now.nlink === 0 && before.nlink === 0) return;
    clearTimeout(settle);
    settle = setTimeout(changed, SETTLE_MS);
  };
  for (const path of paths) watchFile(path, { interval: INTERVAL_MS, persistent: false }, listener);
  return () => {
    clearTimeout(settle);
    for (const path of paths) unwatchFile(path, listener);
  };
}
