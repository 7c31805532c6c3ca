/** Watches the files of what can be reloaded. */
import type { Log } from '../core/ports.ts';
import type { Metrics } from '../platform/audit/metrics.ts';
import { systemClock } from '../platform/clock.ts';
import { watchFiles } from '../platform/watch.ts';
import { createReload, reloadWhenDue } from './reload.ts';
import type { Reloadable } from './reload.ts';

interface WatchParts {
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'recordRead' | 'countReload'>;
  /** Closes the watchers. */
  readonly resources: AsyncDisposableStack;
}

/**
 * Reloads each part when its own files change: a new policy does not flush the logins of a backend.
 *
 * @returns a function that reloads all, one after the other, because each may need memory in proportion to its file
 */
export function watchAndReload(
  { log, metrics, resources }: WatchParts,
  reloadables: readonly Reloadable[],
): () => Promise<void> {
  const reloads = reloadables.map((reloadable) => {
    // What is there at the start has been read.
    metrics.recordRead(reloadable.what, 'loaded', systemClock.now());
    const reload = createReload({
      reloadable,
      log,
      onReload: (what, outcome) => {
        metrics.countReload(what, outcome);
        metrics.recordRead(what, outcome, systemClock.now());
      },
    });
    resources.defer(watchFiles(reloadable.watches, () => void reload()));
    const isDue = reloadable.isDue?.bind(reloadable);
    if (isDue !== undefined) resources.defer(reloadWhenDue(() => isDue(systemClock.now()), reload));
    return reload;
  });
  return async () => {
    for (const reload of reloads) await reload();
  };
}
