/** Ends the wait for replies that take too long. One timer serves all commands that wait. */
import { setImmediate as turn } from 'node:timers/promises';
import { StoreDown } from './store-down.ts';

/** How long to wait for the store, in milliseconds. */
export interface Patience {
  /** For a reply while nothing else arrives. */
  readonly silenceMs: number;
  /** For a reply while others arrive. */
  readonly replyMs: number;
  /** For all replies of one login together; see `store-time.ts`. */
  readonly loginMs: number;
}

interface Wait {
  readonly began: number;
  readonly end: (error: StoreDown) => void;
}

/** More commands without a reply mean that the store is down. */
const MAX_WAITING = 1000;
const CHECKS = 6;

export function createReplyWatch({ silenceMs, replyMs }: Omit<Patience, 'loginMs'>) {
  /** The oldest comes first. */
  const waits = new Set<Wait>();
  let lastReplyAt = 0;
  let isTimed = false;

  function arm(): void {
    if (isTimed || waits.size === 0) return;
    isTimed = true;
    setTimeout(() => void check(), Math.min(silenceMs, replyMs) / CHECKS).unref();
  }

  async function check(): Promise<void> {
    // An event loop that was busy reads the replies first.
    await turn();
    const now = performance.now();
    for (const wait of waits) {
      const isSilent = now - Math.max(wait.began, lastReplyAt) >= silenceMs;
      if (!isSilent && now - wait.began < replyMs) break;
      const text = `no reply within ${isSilent ? silenceMs : replyMs} ms`;
      waits.delete(wait);
      wait.end(new StoreDown(text, { isSilent }));
    }
    isTimed = false;
    arm();
  }

  return {
    /** @throws StoreDown when the reply takes too long, and what the command throws */
    within: async <T>(command: () => Promise<T>): Promise<T> => {
      if (waits.size >= MAX_WAITING) throw new StoreDown(`${MAX_WAITING} commands wait for a reply`);
      const { promise, reject } = Promise.withResolvers<never>();
      const wait: Wait = { began: performance.now(), end: reject };
      waits.add(wait);
      arm();
      try {
        const reply = await Promise.race([command(), promise]);
        lastReplyAt = performance.now();
        return reply;
      } finally {
        waits.delete(wait);
      }
    },
  };
}
