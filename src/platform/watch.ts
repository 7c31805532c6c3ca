/**
 * Watches files by polling. File system events get lost on network and bind mounts, and Kubernetes swaps a symbolic link
 * two levels above the file; polling the path works everywhere.
 */
import { unwatchFile, watchFile } from 'node:fs';
import type { Stats } from 'node:fs';

const INTERVAL_MS = 500;
/** Editors and `kubectl` write in several steps: changes within this time count as one. */
const DEBOUNCE_MS = 150;

/**
 * @param paths absolute paths; a missing file counts as changed when it appears
 * @returns a function that stops watching
 */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  let debounce: NodeJS.Timeout | undefined;
  const listener = (now: Stats, before: Stats): void => {
    // Node reports a missing file as soon as it is watched.
    if (now.nlink === 0 && before.nlink === 0) return;
    clearTimeout(debounce);
    debounce = setTimeout(changed, DEBOUNCE_MS);
  };
  for (const path of paths) watchFile(path, { interval: INTERVAL_MS, persistent: false }, listener);
  return () => {
    clearTimeout(debounce);
    for (const path of paths) unwatchFile(path, listener);
  };
}
