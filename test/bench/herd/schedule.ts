/** Simulated time: actions that run in the order of their times, and queues of servers that do one thing after another. */

export interface Schedule {
  /** Seconds since the start. */
  now(): number;
  /** Runs the action when `seconds` have passed. Actions of one time run in the order in which they were added. */
  in(seconds: number, action: () => void): void;
  /** Runs all actions, and those that they add. */
  run(): void;
}

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

export function createSchedule(): Schedule {
  const entries: Entry[] = [];
  let [time, added] = [0, 0];
  return {
    now: () => time,
    in: (seconds, action) => {
      added += 1;
      push(entries, { at: time + seconds, order: added, action });
    },
    run: () => {
      for (let entry = pop(entries); entry !== undefined; entry = pop(entries)) {
        time = entry.at;
        entry.action();
      }
    },
  };
}

/** A server that handles one request after another, each in the same time. */
export class Processor {
  readonly #schedule: Schedule;
  readonly #secondsEach: number;
  #freeAt = 0;

  constructor(schedule: Schedule, perSecond: number) {
    this.#schedule = schedule;
    this.#secondsEach = 1 / perSecond;
  }

  handle(done: () => void): void {
    const now = this.#schedule.now();
    this.#freeAt = Math.max(now, this.#freeAt) + this.#secondsEach;
    this.#schedule.in(this.#freeAt - now, done);
  }
}

interface Waiting {
  readonly until: number;
  readonly done: (answered: boolean) => void;
}

/** A server as `Processor`, whose clients leave the queue at their deadline. */
export class ImpatientQueue {
  readonly #schedule: Schedule;
  readonly #secondsEach: number;
  readonly #waiting: Waiting[] = [];
  #first = 0;
  #busy = false;
  /** How many requests it has handled. */
  handled = 0;

  constructor(schedule: Schedule, perSecond: number) {
    this.#schedule = schedule;
    this.#secondsEach = 1 / perSecond;
  }

  /** @param done is called with false at the deadline, if the request has not been answered by then */
  handle(deadline: number, done: (answered: boolean) => void): void {
    this.#waiting.push({ until: this.#schedule.now() + deadline, done });
    if (!this.#busy) this.#next();
  }

  #next(): void {
    const request = this.#waiting[this.#first];
    this.#busy = request !== undefined;
    if (request === undefined) return;
    this.#first += 1;
    const now = this.#schedule.now();
    // The client left while it waited. That it learns this now and not at its deadline changes no other queue.
    if (now + this.#secondsEach > request.until) {
      this.#schedule.in(Math.max(0, request.until - now), () => request.done(false));
      this.#next();
      return;
    }
    this.handled += 1;
    this.#schedule.in(this.#secondsEach, () => {
      request.done(true);
      this.#next();
    });
  }
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Adds to a binary heap whose first entry is the next one. */
function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!swapIf(heap, at, parent)) return;
    at = parent;
  }
}

function pop(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (last === undefined || last === first) return first;
  heap[0] = last;
  for (let at = 0; ;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
    const child = right !== undefined && left !== undefined && before(right, left) ? 2 * at + 2 : 2 * at + 1;
    if (!swapIf(heap, child, at)) return first;
    at = child;
  }
}

/** Exchanges two entries if the one at `child` is before the one at `parent`. */
function swapIf(heap: Entry[], child: number, parent: number): boolean {
  const [lower, upper] = [heap[child], heap[parent]];
  if (lower === undefined || upper === undefined || !before(lower, upper)) return false;
  heap[parent] = lower;
  heap[child] = upper;
  return true;
}
