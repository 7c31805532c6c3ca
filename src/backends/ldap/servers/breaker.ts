/** Remembers that a server failed, so that logins try it last, and probes it until it works again. */
import type { Clock, Log } from '../../../core/ports.ts';
import type { DirectoryFault } from '../wire/fault.ts';

interface BreakerDeps {
  /** The names of the backend and of the server, for the log. */
  readonly backend: string;
  readonly server: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Throws when the server does not work. */
  readonly probe: () => Promise<void>;
}

export interface Breaker extends Disposable {
  /** Whether the server failed last time. Open breakers are tried after all others. */
  readonly isOpen: boolean;
  /** The `Clock.monotonic` time at which the server last worked. */
  readonly workedAt: number;
  failed(fault: DirectoryFault): void;
  worked(): void;
}

const FIRST_PROBE_MS = 1000;
const LAST_PROBE_MS = 30_000;

export function createBreaker({ backend, server, clock, log, probe }: BreakerDeps): Breaker {
  let isOpen = false;
  let workedAt = 0;
  let timer: NodeJS.Timeout | undefined;

  function close(): void {
    clearTimeout(timer);
    workedAt = clock.monotonic();
    if (isOpen) log.info('directory server recovered', { backend, server });
    isOpen = false;
  }

  async function probeOrWait(milliseconds: number): Promise<void> {
    try {
      await probe();
      close();
    } catch {
      if (isOpen) probeAfter(Math.min(LAST_PROBE_MS, milliseconds * 2));
    }
  }

  function probeAfter(milliseconds: number): void {
    // Jitter, so that several brokers do not probe a server at the same time.
    const jitter = 0.75 + Math.random() / 2;
    timer = setTimeout(() => void probeOrWait(milliseconds), milliseconds * jitter).unref();
  }

  return {
    get isOpen() {
      return isOpen;
    },
    get workedAt() {
      return workedAt;
    },
    failed: (fault) => {
      if (isOpen) return;
      isOpen = true;
      log.warn('directory server failed', { backend, server, cause: fault.message });
      probeAfter(FIRST_PROBE_MS);
    },
    worked: close,
    [Symbol.dispose]: () => {
      isOpen = false;
      clearTimeout(timer);
    },
  };
}
