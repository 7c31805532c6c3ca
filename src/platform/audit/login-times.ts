/** How long the last logins took at each backend, and the last login without an answer, for the page of the backends. */
import type { Clock, EventSink } from '../../core/ports.ts';
import { createRing } from '../ring.ts';
import type { Ring } from '../ring.ts';

/** The last logins that a backend answered itself, and not the cache. */
interface LoginFacts {
  /** How many they are, at most `MOST`. */
  readonly count: number;
  /** Milliseconds within which half of them were answered, and 95 of 100. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Epoch seconds. */
  readonly lastAt: number;
}

/** A login that the backend gave no answer to. */
interface LoginFailure {
  readonly at: number;
  /** As in the log, without a secret. */
  readonly cause: string;
}

export interface LoginTimes extends EventSink {
  /** @returns undefined when it has answered none */
  logins(backend: string): LoginFacts | undefined;
  /** @returns undefined when all were answered */
  lastFailure(backend: string): LoginFailure | undefined;
}

const MOST = 200;
const MAX_CAUSE = 500;

interface Times {
  readonly seconds: Ring<number>;
  lastAt: number;
}

export function createLoginTimes(clock: Pick<Clock, 'now'>): LoginTimes {
  const times = new Map<string, Times>();
  const failures = new Map<string, LoginFailure>();
  return {
    record: (event) => {
      if (event.type !== 'login' || event.source !== 'backend') return;
      const { backend, outcome, cause = '', seconds } = event;
      if (outcome === 'failed') {
        failures.set(backend, { at: clock.now(), cause: cause.slice(0, MAX_CAUSE) });
        return;
      }
      const own = times.get(backend) ?? { seconds: createRing<number>(MOST), lastAt: 0 };
      own.seconds.add(seconds);
      own.lastAt = clock.now();
      times.set(backend, own);
    },
    logins: (backend) => {
      const own = times.get(backend);
      if (own === undefined) return undefined;
      const sorted = [...own.seconds.latestFirst()].toSorted((one, other) => one - other);
      return {
        count: sorted.length,
        p50Ms: quantile(sorted, 0.5) * 1000,
        p95Ms: quantile(sorted, 0.95) * 1000,
        lastAt: own.lastAt,
      };
    },
    lastFailure: (backend) => failures.get(backend),
  };
}

/** The smallest value that is not exceeded by this share of all (the nearest rank). */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
