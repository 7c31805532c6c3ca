/**
 * Connections to one server, kept for those who come after. Each is lent to one at a time, and never again after an
 * error: what a server still has to say to one question must not become the answer to the next.
 */
import type { Clock } from '../../../core/ports.ts';
import type { Connection } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { DirectoryFault } from '../wire/fault.ts';

export interface PoolOptions {
  /** What it is, for faults: `ldaps://dc1:636`. */
  readonly name: string;
  readonly max: number;
  /** Milliseconds a connection may lie unused: less than servers and what stands before them allow. */
  readonly idle: number;
  /** Milliseconds it may live, so that a change of certificates and balancers gets through. */
  readonly age: number;
  readonly open: (deadline: Deadline) => Promise<Connection>;
  readonly clock: Clock;
}

export interface Pool extends Disposable {
  /**
   * Does work with a connection that nobody else uses meanwhile.
   *
   * @param again asked when the work failed on a connection that others had used before: whether it can be done once
   *   more, on a new one
   * @throws DirectoryFault when there is no connection in time, and what the work throws
   */
  use<T>(
    deadline: Deadline,
    work: (connection: Connection) => Promise<T>,
    again: (fault: DirectoryFault) => boolean,
  ): Promise<T>;
  /** Closes what lies unused; what is lent is closed when it comes back. */
  retire(): void;
}

interface Kept {
  readonly connection: Connection;
  readonly generation: number;
  /** `Clock.monotonic` time after which it is not used any more. */
  readonly ends: number;
  usedAt: number;
  isNew: boolean;
}

interface Waiting {
  /** Gives a connection, or the right to open one. */
  readonly give: (kept: Kept | undefined) => void;
  readonly refuse: (error: Error) => void;
}

const MAX_WAITING = 1000;
/** A connection that was unused for so long is asked whether it still lives, before a password goes over it. */
const TRUSTED_MS = 1000;
/** How long it may take to say so. */
const PROOF_MS = 500;
const SWEEP_MS = 5000;

export function createPool({ name, max, idle, age, open, clock }: PoolOptions): Pool {
  const unused: Kept[] = [];
  const alive = new Set<Kept>();
  const line: Waiting[] = [];
  /** Places taken, by connections and by those who are opening one. */
  let taken = 0;
  let generation = 0;
  let disposed = false;
  let sweeper: NodeJS.Timeout | undefined;

  const isUsable = ({ connection, ends, usedAt, generation: its }: Kept): boolean =>
    !connection.closed && its === generation && clock.monotonic() < Math.min(ends, usedAt + idle);

  const stopping = (): DirectoryFault => new DirectoryFault('out-of-time', `${name}: the broker is stopping`);

  /** Passes a free place on to who waits for one. */
  function freePlace(): void {
    const next = line.shift();
    if (next === undefined) taken -= 1;
    else next.give(undefined);
  }

  function drop(kept: Kept): void {
    kept.connection[Symbol.dispose]();
    if (alive.delete(kept)) freePlace();
  }

  function giveBack(kept: Kept): void {
    kept.usedAt = clock.monotonic();
    kept.isNew = false;
    if (disposed || !isUsable(kept)) return drop(kept);
    const next = line.shift();
    if (next !== undefined) return next.give(kept);
    unused.push(kept);
    sweeper ??= setInterval(sweep, SWEEP_MS).unref();
  }

  function sweep(): void {
    for (const kept of unused.splice(0)) {
      if (isUsable(kept)) unused.push(kept);
      else drop(kept);
    }
    if (unused.length > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  }

  function closeUnused(): void {
    for (const kept of unused.splice(0)) drop(kept);
  }

  async function openOne(deadline: Deadline): Promise<Kept> {
    try {
      const its = generation;
      const connection = await open(deadline);
      const now = clock.monotonic();
      // Not all at the same time: what was opened together would be opened again together.
      const ends = now + age * (0.9 + Math.random() * 0.2);
      const kept = { connection, generation: its, ends, usedAt: now, isNew: true };
      alive.add(kept);
      return kept;
    } catch (error) {
      failWaiting(error);
      freePlace();
      throw error;
    }
  }

  /** Without a connection that could come back to them, those in line would only fail one after the other. */
  function failWaiting(error: unknown): void {
    if (alive.size > 0 || !(error instanceof DirectoryFault) || error.kind === 'out-of-time') return;
    for (const { refuse } of line.splice(0)) refuse(error);
  }

  async function wait(deadline: Deadline): Promise<Kept | undefined> {
    const late = (): DirectoryFault =>
      new DirectoryFault('out-of-time', `${name}: no connection was free in time`, { elsewhere: !deadline.ended() });
    if (line.length >= MAX_WAITING) throw late();
    const { promise, resolve, reject } = Promise.withResolvers<Kept | undefined>();
    const waiting: Waiting = { give: resolve, refuse: reject };
    line.push(waiting);
    const timer = setTimeout(() => {
      const at = line.indexOf(waiting);
      if (at === -1) return;
      line.splice(at, 1);
      reject(late());
    }, deadline.left());
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async function borrow(deadline: Deadline): Promise<Kept> {
    for (let kept = unused.pop(); kept !== undefined; kept = unused.pop()) {
      if (!isUsable(kept)) drop(kept);
      else if (await isAlive(kept, deadline)) return kept;
      else {
        drop(kept);
        // The others have most likely gone the same way; to ask each of them would take too long.
        closeUnused();
      }
    }
    if (disposed) throw stopping();
    if (taken < max) {
      taken += 1;
      return openOne(deadline);
    }
    return (await wait(deadline)) ?? openOne(deadline);
  }

  async function isAlive({ connection, usedAt }: Kept, deadline: Deadline): Promise<boolean> {
    if (clock.monotonic() - usedAt < TRUSTED_MS) return true;
    try {
      await connection.prove(deadline.within(PROOF_MS));
      return true;
    } catch {
      return false;
    }
  }

  /** @param again undefined when this is the second time */
  async function use<T>(
    deadline: Deadline,
    work: (connection: Connection) => Promise<T>,
    again: ((fault: DirectoryFault) => boolean) | undefined,
  ): Promise<T> {
    const kept = await borrow(deadline);
    const { isNew } = kept;
    try {
      const result = await work(kept.connection);
      giveBack(kept);
      return result;
    } catch (error) {
      drop(kept);
      if (isNew || !(error instanceof DirectoryFault) || again?.(error) !== true) throw error;
    }
    // The others have most likely gone the same way.
    closeUnused();
    return use(deadline, work, undefined);
  }

  return {
    use,
    retire: () => {
      generation += 1;
      closeUnused();
    },
    [Symbol.dispose]: () => {
      disposed = true;
      clearInterval(sweeper);
      for (const { refuse } of line.splice(0)) refuse(stopping());
      for (const kept of alive) drop(kept);
    },
  };
}
