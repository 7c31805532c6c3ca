/**
 * One timer for many deadlines. Nearly all of them are met within a millisecond or two, and a timer for each would cost
 * more than the request itself.
 */
import type { Deadline } from '../../../core/deadline.ts';

/** Work that has a deadline. */
interface TimedWork {
  /** In milliseconds of `performance.now`. */
  readonly at: number;
  readonly onLate: () => void;
}

export class DeadlineTimer {
  /** Little at a time, and no `Set`, which would keep what it had in memory (see `ShortLivedMap`). */
  #works: TimedWork[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Not later than the first deadline. Work that is done in time does not move it. */
  #firesAt = Infinity;

  /** @param onLate called once when the deadline passes before `stop` */
  start(deadline: Deadline, onLate: () => void): TimedWork {
    const work = { at: performance.now() + deadline.left(), onLate };
    this.#works.push(work);
    if (work.at < this.#firesAt) this.#fireAt(work.at);
    return work;
  }

  /** The work is done. */
  stop(work: TimedWork): void {
    const index = this.#works.indexOf(work);
    if (index !== -1) this.#works.splice(index, 1);
  }

  #fireAt(at: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = at;
    // The work has a socket, which keeps the process running. A timer that no work waits for does not.
    this.#timer = setTimeout(() => this.#fire(), Math.ceil(at - performance.now())).unref();
  }

  #fire(): void {
    const now = performance.now();
    const late = this.#works.filter(({ at }) => at <= now);
    this.#works = this.#works.filter(({ at }) => at > now);
    this.#firesAt = Infinity;
    const next = Math.min(...this.#works.map(({ at }) => at));
    if (next < Infinity) this.#fireAt(next);
    for (const { onLate } of late) onLate();
  }
}
