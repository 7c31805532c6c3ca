/**
 * Reads the policy, users and certificates again. Each is replaced as a whole or not at all: when a file is invalid, the
 * old content stays in force, and the log has an error.
 */
import { describeError } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';

/** Something that is read from files and can be read again. */
export interface Reloadable {
  /** Its name in the log: `policy`, `backend corp`. */
  readonly what: string;
  /** Absolute paths of the files whose change causes a reload. */
  readonly watches: readonly string[];
  /** @returns fields for the log line. @throws when the files are invalid; the old content stays in force */
  reload(): Promise<Readonly<Record<string, unknown>> | void>;
}

export interface ReloadDeps {
  readonly reloadable: Pick<Reloadable, 'what' | 'reload'>;
  readonly log: Log;
  /** Called after each reload, for the metrics. @param what see `Reloadable` */
  readonly onReload: (what: string, outcome: 'loaded' | 'refused') => void;
}

/** @returns a function that reloads. Calls during a run share one further run after it. */
export function createReload(deps: ReloadDeps): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  return function reload(): Promise<void> {
    if (running === undefined) {
      running = reloadNow(deps).finally(() => {
        running = undefined;
      });
      return running;
    }
    next ??= running.then(() => {
      next = undefined;
      return reload();
    });
    return next;
  };
}

async function reloadNow({ reloadable: { what, reload }, log, onReload }: ReloadDeps): Promise<void> {
  try {
    log.info(`${what} reloaded`, (await reload()) ?? {});
    onReload(what, 'loaded');
  } catch (error) {
    log.error(`${what} NOT reloaded: the old content stays in force until the file is fixed`, {
      cause: describeError(error),
    });
    onReload(what, 'refused');
  }
}
