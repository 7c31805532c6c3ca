/**
 * Reads policy, users and certificates again. Each is replaced whole or not at all: a bad file leaves what was in
 * force in force, and the log says so loudly.
 */
import { describeError } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';

/** Something that can be read again. */
export interface Reloadable {
  /** What the log calls it: `policy`, `backend corp`. */
  readonly what: string;
  /** Files whose change calls for it, by their absolute paths. */
  readonly watches: readonly string[];
  /** @returns fields for the log line. @throws when what was read is bad and the old is still in force. */
  reload(): Promise<Readonly<Record<string, unknown>> | void>;
}

export interface ReloadDeps {
  readonly reloadable: Pick<Reloadable, 'what' | 'reload'>;
  readonly log: Log;
  /** Told the outcome of each, for the metric. */
  readonly onReload: (outcome: 'loaded' | 'refused') => void;
}

/** @returns a function that reloads it; calls that come while it runs share one more run after it. */
export function createReload(deps: ReloadDeps): () => Promise<void> {
  let running: Promise<void> | undefined;
  let again: Promise<void> | undefined;

  return function reload(): Promise<void> {
    if (running === undefined) {
      running = reloadNow(deps).finally(() => {
        running = undefined;
      });
      return running;
    }
    again ??= running.then(() => {
      again = undefined;
      return reload();
    });
    return again;
  };
}

async function reloadNow({ reloadable: { what, reload }, log, onReload }: ReloadDeps): Promise<void> {
  try {
    log.info(`${what} reloaded`, (await reload()) ?? {});
    onReload('loaded');
  } catch (error) {
    log.error(`${what} NOT reloaded: what was in force stays in force until the file is mended`, {
      cause: describeError(error),
    });
    onReload('refused');
  }
}
