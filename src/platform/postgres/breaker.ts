/**
 * A circuit breaker: after some failures in a row, calls fail at once instead of waiting for a server that does not
 * answer. After a while, one call is tried, and its result decides for all. That needs no probe of its own: nothing has to
 * be written to the database before it is used again.
 */
import type { Clock } from '../../core/ports.ts';
import { failureText } from './failures.ts';

interface BreakerDeps {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** From 0 to 1. Jitter, so that the brokers of a fleet do not come back at the same moment. */
  readonly random: () => number;
  /** Whether a failure says that the server as a whole does not work. */
  readonly isOutage: (error: unknown) => boolean;
  /** @param cause the failure that opened it; undefined: it is closed again */
  readonly onChange: (cause: unknown) => void;
}

interface Breaker {
  /** @throws OpenError when the breaker is open, and else what the work throws */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** The work was not tried. */
export class OpenError extends Error {
  override readonly name = 'OpenError';
}

/** Failures in a row that open it. */
const FAILURES = 3;
/** How long it stays open, times 0.5 to 1.5. */
const OPEN_MS = 1000;

export function createBreaker({ clock, random, isOutage, onChange }: BreakerDeps): Breaker {
  let failures = 0;
  /** Monotonic milliseconds; undefined: it is closed. */
  let openUntil: number | undefined;
  let isTrying = false;
  let lastFailure: unknown;

  function succeed(): void {
    const wasOpen = openUntil !== undefined;
    failures = 0;
    openUntil = undefined;
    if (wasOpen) onChange(undefined);
  }

  function fail(error: unknown): void {
    failures += 1;
    lastFailure = error;
    if (failures < FAILURES) return;
    const wasOpen = openUntil !== undefined;
    openUntil = clock.monotonic() + OPEN_MS * (0.5 + random());
    if (!wasOpen) onChange(error);
  }

  return {
    run: async (work) => {
      const isTrial = openUntil !== undefined;
      if (openUntil !== undefined && (isTrying || clock.monotonic() < openUntil)) {
        throw new OpenError(`it is asked again in a moment; before, it failed: ${failureText(lastFailure)}`);
      }
      if (isTrial) isTrying = true;
      try {
        const result = await work();
        succeed();
        return result;
      } catch (error) {
        if (isOutage(error)) fail(error);
        else succeed();
        throw error;
      } finally {
        if (isTrial) isTrying = false;
      }
    },
  };
}
