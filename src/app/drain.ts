/** Stops serving without losing a request. */
import { setTimeout as delay } from 'node:timers/promises';
import { QUIET_AT_MOST_MS } from '../http/server.ts';
import type { Listeners } from './listeners.ts';

/** Kubernetes and load balancers check readiness about every second. */
const NOTICE_MS = 2000;
/** A login takes 8 s at most; Kubernetes kills 30 s after SIGTERM. */
const GRACE_MS = 15_000;
/** Milliseconds that draining takes at most. */
export const DRAIN_AT_MOST_MS = NOTICE_MS + QUIET_AT_MOST_MS + GRACE_MS;

/** @param closed ends the notice at once */
export async function drain(
  state: { isDraining: boolean },
  listeners: Listeners,
  closed: Promise<void>,
): Promise<void> {
  state.isDraining = true;
  await Promise.race([delay(NOTICE_MS, undefined, { ref: false }), closed]);
  await listeners.close(GRACE_MS);
}
