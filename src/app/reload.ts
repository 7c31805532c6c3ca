/**
 * Reads the policy, users, keys and certificates again. Each is replaced as a whole or not at all: when a file is invalid, the
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
  /**
   * Whether it must be read again although no file has changed. Absent: never.
   *
   * @param now seconds since 1970
   */
  isDue?(now: number): boolean;
  /** @returns fields for the log line. @throws when the files are invalid; the old content stays in force */
  reload(): Promise<Readonly<Record<string, unknown>> | void>;
}

interface ReloadDeps {
  readonly reloadable: Pick<Reloadable, 'what' | 'reload'>;
  readonly log: Log;
  /** Calls after a number of milliseconds; default: a timer that keeps no process alive. */
  readonly later?: (milliseconds: number, work: () => void) => void;
  /** Called after each reload, for the metrics. @param what see `Reloadable` */
  readonly onReload: (what: string, outcome: 'loaded' | 'refused') => void;
}

/** Half of the shortest lifetime of a key is two hours. */
const DUE_MS = 5 * 60 * 1000;

/**
 * Reloads what is due. A reload that fails is due again at the next call.
 *
 * @param every calls repeatedly, and returns a function that stops that; default: a timer that keeps no process alive
 * @returns a function that stops
 */
export function reloadWhenDue(
  isDue: () => boolean,
  reload: () => Promise<void>,
  every: (milliseconds: number, work: () => void) => () => void = repeat,
): () => void {
  return every(DUE_MS, () => {
    if (isDue()) void reload();
  });
}

function repeat(milliseconds: number, work: () => void): () => void {
  const timer = setInterval(work, milliseconds).unref();
  return () => clearInterval(timer);
}

/** Errors of this machine and its file systems, which end without a change of the file. */
const PASSING = /\b(?:EMFILE|ENFILE|ENOMEM|EAGAIN|EBUSY|EIO|ESTALE|ETIMEDOUT|does not answer|have not ended)\b/;
const RETRY_MS = [1000, 5000, 30_000];

/** @returns a function that reloads. Calls during a run share one further run after it. */
export function createReload(deps: ReloadDeps): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let retries = 0;
  const later = deps.later ?? ((milliseconds, work) => void setTimeout(work, milliseconds).unref());

  /** A revoking policy must not wait for the next change because the machine was out of descriptors once. */
  function retryAfter(cause: string | undefined): void {
    if (cause === undefined || !PASSING.test(cause)) {
      retries = 0;
      return;
    }
    const attempt = (retries += 1);
    later(RETRY_MS[Math.min(attempt, RETRY_MS.length) - 1] ?? 0, () => {
      // Another reload has come since.
      if (attempt === retries) void reload();
    });
  }

  return reload;

  function reload(): Promise<void> {
    if (running === undefined) {
      running = reloadNow(deps)
        .then(retryAfter)
        .finally(() => {
          running = undefined;
        });
      return running;
    }
    next ??= running.then(() => {
      next = undefined;
      return reload();
    });
    return next;
  }
}

/** @returns why it was not reloaded, if so */
async function reloadNow({ reloadable: { what, reload }, log, onReload }: ReloadDeps): Promise<string | undefined> {
  try {
    log.info(`${what} reloaded`, (await reload()) ?? {});
    onReload(what, 'loaded');
    return undefined;
  } catch (error) {
    const cause = describeError(error);
    log.error(`${what} NOT reloaded: the old content stays in force until the file is fixed`, { cause });
    onReload(what, 'refused');
    return cause;
  }
}
