/** Lets so many in at a time; the others wait in line, each until its own deadline. */
import type { Deadline } from '../../../core/deadline.ts';

export interface Gate {
  /**
   * Does work once there is room.
   *
   * @param places how many of the gate's places it takes
   * @param late the error when the deadline comes before there is room
   */
  pass<T>(places: number, deadline: Deadline, late: () => Error, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  readonly places: number;
  readonly admit: () => void;
}

export function createGate(capacity: number): Gate {
  let free = capacity;
  const line: Waiting[] = [];

  function admitNext(): void {
    for (let next = line[0]; next !== undefined && next.places <= free; next = line[0]) {
      line.shift();
      free -= next.places;
      next.admit();
    }
  }

  async function enter(places: number, deadline: Deadline, late: () => Error): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { places, admit: resolve };
    line.push(waiting);
    admitNext();
    const timer = setTimeout(() => {
      const at = line.indexOf(waiting);
      if (at === -1) return;
      line.splice(at, 1);
      reject(late());
      admitNext();
    }, deadline.left());
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    pass: async (places, deadline, late, work) => {
      await enter(places, deadline, late);
      try {
        return await work();
      } finally {
        free += places;
        admitNext();
      }
    },
  };
}
