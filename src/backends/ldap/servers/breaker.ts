/** Remembers that a server fails, so that no login waits for it, and finds out by itself when it works again. */
import type { Clock, Log } from '../../../core/ports.ts';
import type { DirectoryFault } from '../wire/fault.ts';

export interface BreakerDeps {
  /** For the log: the backend's name and the server's. */
  readonly backend: string;
  readonly server: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Asks the server whether it works; throws when not. */
  readonly probe: () => Promise<void>;
}

export interface Breaker extends Disposable {
  /** Whether the server failed last time: it is asked when no other one answers. */
  readonly isOpen: boolean;
  /** When it worked last, as a `Clock.monotonic` time. */
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
    if (isOpen) log.info('a directory server works again', { backend, server });
    isOpen = false;
  }

  async function ask(milliseconds: number): Promise<void> {
    try {
      await probe();
      close();
    } catch {
      if (isOpen) probeAfter(Math.min(LAST_PROBE_MS, milliseconds * 2));
    }
  }

  function probeAfter(milliseconds: number): void {
    // Not in step with the other brokers that lost the same server.
    const jitter = 0.75 + Math.random() / 2;
    timer = setTimeout(() => void ask(milliseconds), milliseconds * jitter).unref();
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
      log.warn('a directory server fails', { backend, server, cause: fault.message });
      probeAfter(FIRST_PROBE_MS);
    },
    worked: close,
    [Symbol.dispose]: () => {
      isOpen = false;
      clearTimeout(timer);
    },
  };
}
