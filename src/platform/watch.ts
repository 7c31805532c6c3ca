/**
 * Watches files by polling. File system events get lost on network and bind mounts, and Kubernetes swaps a symbolic link
 * two levels above the file; polling the path works everywhere.
 */
import { statSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';

const INTERVAL_MS = 500;
/** Editors and `kubectl` write in several steps: changes within this time count as one. */
const DEBOUNCE_MS = 150;

const MISSING = 'missing';

/**
 * Every change after this call is reported. `fs.watchFile` would compare with what it finds some time later, when a thread
 * is free, and never report a change before that.
 *
 * @param paths absolute paths; a missing file counts as changed when it appears
 * @returns a function that stops watching
 */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  let debounce: NodeJS.Timeout | undefined;
  const stops = paths.map((path) =>
    pollFile(path, () => {
      clearTimeout(debounce);
      debounce = setTimeout(changed, DEBOUNCE_MS);
    }),
  );
  return () => {
    clearTimeout(debounce);
    for (const stop of stops) stop();
  };
}

/** One look at a time: a file system that hangs must not occupy more and more threads. */
function pollFile(path: string, changed: () => void): () => void {
  let isStopped = false;
  let seen = stateNow(path);
  let timer = later();

  function later(): NodeJS.Timeout {
    return setTimeout(() => void look(), INTERVAL_MS).unref();
  }

  async function look(): Promise<void> {
    const state = await stat(path, { bigint: true }).then(stateOf, () => MISSING);
    if (isStopped) return;
    if (state !== seen) changed();
    seen = state;
    timer = later();
  }

  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

function stateNow(path: string): string {
  try {
    return stateOf(statSync(path, { bigint: true }));
  } catch {
    return MISSING;
  }
}

/** The change time covers the owner and the mode, which may make a file readable. */
function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}
