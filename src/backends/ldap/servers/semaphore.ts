/** Limits how much work runs at the same time; other work waits in order, each piece until its own deadline. */
import type { Deadline } from '../../../core/deadline.ts';
import { DeadlineTimer } from '../wire/deadline-timer.ts';

export interface Semaphore {
  /**
   * Runs work once enough permits are free.
   *
   * @param late the error when the deadline passes first, or too many are waiting
   */
  run<T>(permits: number, deadline: Deadline, late: () => Error, work: () => Promise<T>): Promise<T>;
  /** Rejects all work that is waiting. Work that runs, and later work, is not affected. */
  rejectWaiting(error: Error): void;
}

interface Waiter {
  readonly permits: number;
  readonly admit: () => void;
  readonly reject: (error: Error) => void;
}

/** @param maxWaiting how many pieces of work may wait */
export function createSemaphore(capacity: number, maxWaiting = Infinity): Semaphore {
  let free = capacity;
  const queue: Waiter[] = [];
  const timer = new DeadlineTimer();

  /** In order: a waiter for many permits is not overtaken by others that need fewer. */
  function admitNext(): void {
    for (let next = queue[0]; next !== undefined && next.permits <= free; next = queue[0]) {
      queue.shift();
      free -= next.permits;
      next.admit();
    }
  }

  /** Waits for permits that are not free, or that others wait for. */
  async function wait(permits: number, deadline: Deadline, late: () => Error): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { permits, admit: resolve, reject };
    if (queue.length >= maxWaiting) throw late();
    queue.push(waiter);
    const timed = timer.start(deadline, () => {
      const index = queue.indexOf(waiter);
      if (index === -1) return;
      queue.splice(index, 1);
      reject(late());
      // It may have been the only reason why those behind it had to wait.
      admitNext();
    });
    try {
      await promise;
    } finally {
      timer.stop(timed);
    }
  }

  return {
    run: async (permits, deadline, late, work) => {
      if (queue.length === 0 && permits <= free) free -= permits;
      else await wait(permits, deadline, late);
      try {
        return await work();
      } finally {
        free += permits;
        admitNext();
      }
    },
    rejectWaiting: (error) => {
      for (const { reject } of queue.splice(0)) reject(error);
    },
  };
}
