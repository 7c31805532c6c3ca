/**
 * Limits how long one login waits for the store, over all of its commands. A store that is slow, and answers each command
 * in time, would delay a login by the sum of them. One timer serves all logins that wait.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { StoreDown } from './store-down.ts';

/** The time of one login. */
export interface StoreTime {
  isUsedUp(): boolean;
  /**
   * The result of a command, which goes on when the time is used up.
   *
   * @throws StoreDown when the time is used up, and what the command throws
   */
  within<T>(command: Promise<T>): Promise<T>;
  /** The last command cost nothing: the login waits for something else than the store. */
  refund(): void;
}

interface StoreTimesOptions {
  /** For one login, in milliseconds. */
  readonly limitMs: number;
  /** Called when a login has used up its time. */
  readonly onUsedUp: () => void;
  /** For tests. Monotonic milliseconds. */
  readonly now?: () => number;
  /** For tests. Calls after a number of milliseconds, when the replies that have arrived are read. */
  readonly later?: (milliseconds: number, work: () => void) => void;
}

interface Wait {
  /** Up to when the wait is counted, monotonic milliseconds. */
  countedTo: number;
  count(milliseconds: number): void;
}

/** More between two ticks is not the time of the store: the event loop was busy. */
const TICK_MS = 20;

/** For what belongs to no login. */
export const UNLIMITED: StoreTime = { isUsedUp: () => false, within: (command) => command, refund: () => undefined };

export function createStoreTimes({ limitMs, onUsedUp, now = monotonic, later = afterReplies }: StoreTimesOptions) {
  const waits = new Set<Wait>();
  let isTicking = false;

  function tickLater(): void {
    if (isTicking || waits.size === 0) return;
    isTicking = true;
    later(TICK_MS, () => {
      isTicking = false;
      for (const wait of waits) countOf(wait);
      tickLater();
    });
  }

  function countOf(wait: Wait): void {
    const at = now();
    const milliseconds = Math.min(at - wait.countedTo, TICK_MS);
    wait.countedTo = at;
    wait.count(milliseconds);
  }

  return (): StoreTime => {
    let used = 0;
    let last = 0;
    const late = (): StoreDown => new StoreDown(`the login has waited ${limitMs} ms for the store`);
    return {
      isUsedUp: () => used >= limitMs,
      refund: () => {
        used -= last;
        last = 0;
      },
      within: async (command) => {
        const { promise: end, reject } = Promise.withResolvers<never>();
        const result = Promise.race([command, end]);
        last = 0;
        if (used >= limitMs) reject(late());
        const wait: Wait = {
          countedTo: now(),
          count: (milliseconds) => {
            const wasUsedUp = used >= limitMs;
            used += milliseconds;
            last += milliseconds;
            if (wasUsedUp || used < limitMs) return;
            onUsedUp();
            reject(late());
          },
        };
        waits.add(wait);
        tickLater();
        try {
          return await result;
        } finally {
          waits.delete(wait);
          countOf(wait);
        }
      },
    };
  };
}

const monotonic = (): number => performance.now();

function afterReplies(milliseconds: number, work: () => void): void {
  setTimeout(() => void turn().then(work), milliseconds).unref();
}
