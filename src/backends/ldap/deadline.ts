import type { Clock } from '../../core/ports.ts';

/** Until when something must be done. */
export interface Deadline {
  /** Milliseconds left; 0 when it is over. */
  left(): number;
  /** The sooner of this and so many milliseconds from now. */
  within(milliseconds: number): Deadline;
}

export function deadlineAt(clock: Clock, at: number): Deadline {
  return {
    left: () => Math.max(0, at - clock.monotonic()),
    within: (milliseconds) => deadlineAt(clock, Math.min(at, clock.monotonic() + milliseconds)),
  };
}
