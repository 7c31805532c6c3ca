/**
 * Whether a server of a directory works. Logins try a failing server last, and it is probed until it works again. It is
 * no circuit breaker: where all servers fail, logins still try them.
 */
import type { Clock, Log, ServerState } from '../../../core/ports.ts';
import { faultText } from '../wire/fault-text.ts';
import type { DirectoryFault } from '../wire/fault.ts';

interface ServerHealthDeps {
  /** The names of the backend and of the server, for the log. */
  readonly backend: string;
  readonly server: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Throws when the server does not work. */
  readonly probe: () => Promise<void>;
}

export interface ServerHealth extends Disposable {
  /** Whether the server failed last time. */
  readonly isFailing: boolean;
  /** The `Clock.monotonic` time at which the server last worked. */
  readonly workedAt: number;
  state(): ServerState;
  recordFault(fault: DirectoryFault): void;
  recordSuccess(): void;
}

const FIRST_PROBE_MS = 1000;
const LAST_PROBE_MS = 30_000;

export function createServerHealth({ backend, server, clock, log, probe }: ServerHealthDeps): ServerHealth {
  let isFailing = false;
  let workedAt = 0;
  /** Since when it works or fails, in epoch seconds; undefined: it was not used yet. */
  let since: number | undefined;
  let problem = '';
  let timer: NodeJS.Timeout | undefined;

  function recordSuccess(): void {
    clearTimeout(timer);
    workedAt = clock.monotonic();
    if (isFailing) log.info('directory server recovered', { backend, server });
    if (isFailing || since === undefined) since = clock.now();
    isFailing = false;
  }

  async function probeOrWait(milliseconds: number): Promise<void> {
    try {
      await probe();
      recordSuccess();
    } catch {
      if (isFailing) probeAfter(Math.min(LAST_PROBE_MS, milliseconds * 2));
    }
  }

  function probeAfter(milliseconds: number): void {
    // Jitter, so that several brokers do not probe a server at the same time.
    const jitter = 0.75 + Math.random() / 2;
    timer = setTimeout(() => void probeOrWait(milliseconds), milliseconds * jitter).unref();
  }

  return {
    get isFailing() {
      return isFailing;
    },
    get workedAt() {
      return workedAt;
    },
    state: () => {
      if (since === undefined) return { url: server, state: 'unused' };
      return isFailing ? { url: server, state: 'down', since, problem } : { url: server, state: 'up', since };
    },
    recordFault: (fault) => {
      problem = faultText(fault);
      if (isFailing) return;
      isFailing = true;
      since = clock.now();
      log.warn('directory server failed', { backend, server, cause: fault.message });
      probeAfter(FIRST_PROBE_MS);
    },
    recordSuccess,
    [Symbol.dispose]: () => {
      isFailing = false;
      clearTimeout(timer);
    },
  };
}
