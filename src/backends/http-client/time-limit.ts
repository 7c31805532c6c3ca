/** A deadline as an `AbortSignal`, which is how HTTP clients take one. */
import type { Deadline } from '../../core/deadline.ts';
import { BrokerError } from '../../core/errors.ts';

/**
 * Aborts at the deadline, or after the configured time where that is sooner.
 *
 * @param peer for the message: `the OpenID provider`
 * @throws BrokerError `backend_unavailable` when no time is left
 */
export function timeLimit(deadline: Deadline, seconds: number, peer: string): AbortSignal {
  const milliseconds = Math.floor(Math.min(deadline.left(), seconds * 1000));
  if (milliseconds <= 0) throw new BrokerError('backend_unavailable', `no time is left to ask ${peer}`);
  return AbortSignal.timeout(milliseconds);
}
