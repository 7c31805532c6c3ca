/** Limits how fast and how many requests are sent, so that a check of a server in use does not disturb its users. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Pace {
  /**
   * Runs a task when its turn comes. At most `parallel` tasks run at once, and at most `rate` start in a second.
   *
   * @throws OutOfTime
   */
  take<T>(task: () => Promise<T>): Promise<T>;
  /** The number of tasks that were started. */
  readonly count: () => number;
}

/** The time for the whole run is over. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

interface PaceOptions {
  /** Tasks that start in a second. */
  readonly rate: number;
  /** Tasks at once. */
  readonly parallel: number;
  /** Milliseconds of `performance.now()` after which no task starts. */
  readonly deadline: number;
}

export function createPace({ rate, parallel, deadline }: PaceOptions): Pace {
  const waiting: (() => void)[] = [];
  let running = 0;
  let started = 0;
  let next = 0;

  async function enter(): Promise<void> {
    if (running >= parallel) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    const now = performance.now();
    const start = Math.max(now, next);
    next = start + 1000 / rate;
    if (start > now) await sleep(start - now);
  }

  function leave(): void {
    const first = waiting.shift();
    if (first === undefined) running -= 1;
    else first();
  }

  return {
    take: async (task) => {
      await enter();
      try {
        if (performance.now() > deadline) throw new OutOfTime('the time of --timeout is over');
        started += 1;
        return await task();
      } finally {
        leave();
      }
    },
    count: () => started,
  };
}
