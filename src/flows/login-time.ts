/** How long a login may take. */
import type { Deadline } from '../core/deadline.ts';
import type { Timer } from '../core/ports.ts';

/** Docker waits 15 s for a token; all backends together get 8 s of them. */
export const LOGIN_BUDGET_MS = 8000;

/** Grace after the deadline before we stop waiting for a backend that does not keep it. */
const DEADLINE_GRACE_MS = 200;

/** @throws BrokerError `backend_unavailable` when the work is not done by its deadline and the grace after it */
export function withinGrace<T>(timer: Timer, deadline: Deadline, work: Promise<T>): Promise<T> {
  return timer.within(work, deadline.left() + DEADLINE_GRACE_MS);
}
