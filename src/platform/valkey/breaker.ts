/**
 * A circuit breaker: after a silence, or some failures in a row, the store is not asked any more, so that no request waits
 * for it, until a probe succeeds. The probe gives the store what it missed before any login is answered from it. The time
 * between probes is random, so that brokers do not probe at the same moment.
 */
import { StoreDown } from './store-down.ts';

export interface Breaker {
  isUp(): boolean;
  /** @throws StoreDown at once while the store is down, and whenever the work fails */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Probes soon: there is a new connection. */
  hasConnection(): void;
}

interface BreakerOptions {
  /** Succeeds when the store is up and this broker is ready to use it. */
  readonly probe: () => Promise<void>;
  /** @param cause why the store is down; undefined when it is up again */
  readonly onChange: (cause: string | undefined) => void;
  /** Called when a probe fails for a cause that this outage has not had, a few times in each outage. */
  readonly onCause: (cause: string) => void;
  /** Called for each failure of the store. */
  readonly onFailure: () => void;
  /** Calls after a number of milliseconds. */
  readonly later: (milliseconds: number, work: () => void) => void;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Failures in a row after which the store counts as down. */
const FAILURES = 3;
/** The shortest time between probes, and what is added at random. */
const PROBE_MS = 500;
const PROBE_JITTER_MS = 1000;
/** The longest time between a new connection and its probe. */
const CONNECTED_JITTER_MS = 100;
/** Causes of one outage that are reported: texts of the store may differ each time. */
const MAX_CAUSES = 8;

export function createBreaker({ probe, onChange, onCause, onFailure, later, random }: BreakerOptions): Breaker {
  let failures = 0;
  let isUp = true;
  let isProbing = false;
  const causes = new Set<string>();
  /** A store that goes up and down must not leave several chains of probes. */
  let isProbeDue = false;

  function fail(error: unknown): StoreDown {
    const down = asDown(error);
    onFailure();
    failures += 1;
    if (isUp && (down.isSilent || failures >= FAILURES)) {
      isUp = false;
      causes.clear();
      causes.add(down.message);
      onChange(down.message);
      probeLater();
    }
    return down;
  }

  function probeLater(): void {
    if (isUp || isProbeDue) return;
    isProbeDue = true;
    later(PROBE_MS + random() * PROBE_JITTER_MS, () => {
      isProbeDue = false;
      void probeNow().finally(probeLater);
    });
  }

  async function probeNow(): Promise<void> {
    if (isUp || isProbing) return;
    isProbing = true;
    try {
      await probe();
      isUp = true;
      failures = 0;
      onChange(undefined);
    } catch (error) {
      // The next probe tries again.
      const { message } = asDown(error);
      if (!causes.has(message) && causes.size < MAX_CAUSES) {
        causes.add(message);
        onCause(message);
      }
    } finally {
      isProbing = false;
    }
  }

  return {
    isUp: () => isUp,
    run: async (work) => {
      if (!isUp) throw new StoreDown('the store is down');
      try {
        const result = await work();
        failures = 0;
        return result;
      } catch (error) {
        throw fail(error);
      }
    },
    hasConnection: () => {
      if (!isUp) later(random() * CONNECTED_JITTER_MS, () => void probeNow());
    },
  };
}

function asDown(error: unknown): StoreDown {
  return error instanceof StoreDown ? error : new StoreDown('the store gave an unusable answer', { cause: error });
}
