/** The machine's clock. */
import type { Clock } from '../core/ports.ts';

export const systemClock: Clock = {
  now: () => Math.floor(Date.now() / 1000),
  monotonic: () => performance.now(),
};
