/** The time by which a piece of work must be done. */
import type { Clock } from './ports.ts';

/** Passed down from a flow to a backend and to each step inside it. Monotonic, so that a clock change has no effect. */
export interface Deadline {
  /** Milliseconds left; 0 when the deadline has passed. */
  left(): number;
  /** The earlier of this deadline and one in so many milliseconds. */
  within(milliseconds: number): Deadline;
  /** Whether the deadline of the caller has passed, and not only that of a step. */
  ended(): boolean;
}

/** Timers may fire this much early, in milliseconds. */
const EARLY = 5;

/** A deadline in so many milliseconds from now. */
export function deadlineIn(clock: Clock, milliseconds: number): Deadline {
  const at = clock.monotonic() + milliseconds;
  return deadlineAt(clock, at, at);
}

/** @param end the deadline of the caller, where `at` is that of a step */
function deadlineAt(clock: Clock, at: number, end: number): Deadline {
  return {
    left: () => Math.max(0, at - clock.monotonic()),
    within: (milliseconds) => deadlineAt(clock, Math.min(at, clock.monotonic() + milliseconds), end),
    ended: () => end - clock.monotonic() < EARLY,
  };
}
