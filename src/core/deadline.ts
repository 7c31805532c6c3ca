import type { Clock } from './ports.ts';

/** Until when something must be done. */
export interface Deadline {
  /** Milliseconds left; 0 when it is over. */
  left(): number;
  /** The sooner of this and so many milliseconds from now. */
  within(milliseconds: number): Deadline;
  /** Whether the caller's own time is over, and not only that of a step. */
  ended(): boolean;
}

/** Timers may be this much early, in milliseconds. */
const EARLY = 5;

/** @param end the caller's own deadline, where `at` is that of a step */
export function deadlineAt(clock: Clock, at: number, end = at): Deadline {
  return {
    left: () => Math.max(0, at - clock.monotonic()),
    within: (milliseconds) => deadlineAt(clock, Math.min(at, clock.monotonic() + milliseconds), end),
    ended: () => end - clock.monotonic() < EARLY,
  };
}
