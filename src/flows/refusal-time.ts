/**
 * When a refusal is answered. Without a delay, its time would show whether a user is unknown, a password is wrong, or no
 * backend was asked. Every refusal waits until the end of a step that is longer than the slowest recent login, so the
 * next login of any kind takes as many steps as this one.
 *
 * When many refusals wait, the step is longer: each answer brings the next guess, and their work must not slow down the
 * logins of users.
 */
import type { Clock, Timer } from '../core/ports.ts';

/** The possible steps, in milliseconds. */
const REFUSAL_STEPS_MS: readonly [number, ...number[]] = [250, 500, 1000, 2000];
/** The slowest login until there are some to go by: a directory may be far away. */
const FIRST_SLOWEST_MS = 450;
/** A login counts for this long at least, and for twice as long at most. */
export const PERIOD_MS = 300_000;

/** Refusals that are answered in a second, as far as the longest step allows. */
const REFUSALS_PER_SECOND = 200;

interface RefusalTime {
  /** @param milliseconds how long a login took that a backend has answered */
  note(milliseconds: number): void;
  /** Waits until a refusal may be answered. @param milliseconds how long its login took */
  waitAfter(milliseconds: number): Promise<void>;
}

export function createRefusalTime(clock: Clock, timer: Pick<Timer, 'sleep'>): RefusalTime {
  let began = clock.monotonic();
  /** The slowest login of the period before, and of this one. */
  let before = FIRST_SLOWEST_MS;
  let now = 0;
  /** Refusals that wait. */
  let waiting = 0;

  function turnPeriod(): void {
    const age = clock.monotonic() - began;
    if (age < PERIOD_MS) return;
    before = age < 2 * PERIOD_MS ? now : 0;
    now = 0;
    began = clock.monotonic();
  }

  return {
    note: (milliseconds) => {
      turnPeriod();
      now = Math.max(now, milliseconds);
    },
    waitAfter: async (milliseconds) => {
      turnPeriod();
      const step = stepFor(Math.max(before, now, (waiting / REFUSALS_PER_SECOND) * 1000));
      const end = Math.max(1, Math.ceil(milliseconds / step)) * step;
      waiting += 1;
      await timer.sleep(end - milliseconds);
      waiting -= 1;
    },
  };
}

/** Some time is left for the work after the login and for timers that fire late. */
const MARGIN = 0.9;

function stepFor(slowest: number): number {
  return REFUSAL_STEPS_MS.find((step) => slowest <= step * MARGIN) ?? REFUSAL_STEPS_MS.at(-1) ?? slowest;
}
