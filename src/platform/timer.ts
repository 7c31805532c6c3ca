/** Waiting, with Node's timers. */
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { BrokerError } from '../core/errors.ts';
import type { Timer } from '../core/ports.ts';

export const systemTimer: Timer = {
  sleep: async (milliseconds) => {
    if (milliseconds > 0) await delay(milliseconds);
  },
  turn: async () => {
    await turn();
  },
  within: async (work, milliseconds) => {
    const { promise, reject } = Promise.withResolvers<never>();
    const late = (): void =>
      reject(new BrokerError('backend_unavailable', `no answer within ${Math.round(milliseconds)} ms`));
    const timeout = setTimeout(late, milliseconds);
    try {
      return await Promise.race([work, promise]);
    } finally {
      clearTimeout(timeout);
    }
  },
};
