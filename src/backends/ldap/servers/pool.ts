/**
 * Reuses connections to one server. A connection is used by one caller at a time, and never again after an error: a late
 * answer to one request must not become the answer to the next.
 */
import type { Clock } from '../../../core/ports.ts';
import type { LdapConnection } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { DirectoryFault } from '../wire/fault.ts';
import { createSemaphore } from './semaphore.ts';
import type { Semaphore } from './semaphore.ts';

export interface PoolOptions {
  /** The server, for messages: `ldaps://dc1:636`. */
  readonly name: string;
  /** Maximum number of connections. */
  readonly max: number;
  /**
   * Milliseconds that a connection may be unused: shorter than the idle timeout of the server and of any load balancer
   * before it.
   */
  readonly idle: number;
  /** Milliseconds that a connection may live, so that changes of certificates and of load balancers take effect. */
  readonly age: number;
  readonly open: (deadline: Deadline) => Promise<LdapConnection>;
  readonly clock: Clock;
}

interface PooledConnection {
  readonly connection: LdapConnection;
  readonly generation: number;
  /** The `Clock.monotonic` time after which it is not used. */
  readonly expiresAt: number;
  usedAt: number;
  isNew: boolean;
}

const MAX_WAITING = 1000;
/** A connection that was unused for this long is checked before it is used. */
const PING_AFTER_MS = 1000;
const PING_TIMEOUT_MS = 500;
const SWEEP_MS = 5000;

export class Pool implements Disposable {
  readonly #options: PoolOptions;
  /** One permit for each caller. A caller opens a connection only when none is unused, so this limits them too. */
  readonly #semaphore: Semaphore;
  readonly #unused: PooledConnection[] = [];
  /** Unused connections and those in use. */
  readonly #alive = new Set<PooledConnection>();
  /** Connections of an earlier generation are not used again. */
  #generation = 0;
  #isDisposed = false;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#semaphore = createSemaphore(options.max, MAX_WAITING);
  }

  /**
   * Runs work with a connection that no other caller uses at the same time.
   *
   * @param mayRetry asked when the work failed on a reused connection, which may have been dead: whether the work may
   *   run once more, on a new connection
   * @throws DirectoryFault when no connection is free in time, and what the work throws
   */
  use<T>(
    deadline: Deadline,
    work: (connection: LdapConnection) => Promise<T>,
    mayRetry: (fault: DirectoryFault) => boolean,
  ): Promise<T> {
    const late = (): DirectoryFault =>
      new DirectoryFault('out-of-time', `${this.#options.name}: no connection was free in time`, {
        canFailOver: !deadline.ended(),
      });
    return this.#semaphore.run(1, deadline, late, () => this.#attempt(deadline, work, mayRetry));
  }

  /** Closes unused connections now, and those in use when their work ends. */
  retire(): void {
    this.#generation += 1;
    this.#closeUnused();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearInterval(this.#sweeper);
    this.#semaphore.rejectWaiting(this.#stopping());
    for (const pooled of this.#alive) this.#close(pooled);
  }

  /** @param mayRetry undefined for the second attempt */
  async #attempt<T>(
    deadline: Deadline,
    work: (connection: LdapConnection) => Promise<T>,
    mayRetry: ((fault: DirectoryFault) => boolean) | undefined,
  ): Promise<T> {
    const pooled = this.#takeRecent() ?? (await this.#borrow(deadline));
    const { isNew } = pooled;
    try {
      const result = await work(pooled.connection);
      this.#giveBack(pooled);
      return result;
    } catch (error) {
      this.#close(pooled);
      if (isNew || !(error instanceof DirectoryFault) || mayRetry?.(error) !== true) throw error;
    }
    this.#closeUnused();
    return this.#attempt(deadline, work, undefined);
  }

  /** A connection that was in use a moment ago, so that it need not be checked. */
  #takeRecent(): PooledConnection | undefined {
    const last = this.#unused.at(-1);
    return last !== undefined && this.#isUsable(last) && this.#isRecent(last) ? this.#unused.pop() : undefined;
  }

  async #borrow(deadline: Deadline): Promise<PooledConnection> {
    for (let pooled = this.#unused.pop(); pooled !== undefined; pooled = this.#unused.pop()) {
      if (!this.#isUsable(pooled)) this.#close(pooled);
      else if (await this.#isAlive(pooled, deadline)) return pooled;
      else {
        this.#close(pooled);
        this.#closeUnused();
      }
    }
    if (this.#isDisposed) throw this.#stopping();
    return this.#open(deadline);
  }

  #giveBack(pooled: PooledConnection): void {
    pooled.usedAt = this.#options.clock.monotonic();
    pooled.isNew = false;
    if (this.#isDisposed || !this.#isUsable(pooled)) return this.#close(pooled);
    this.#unused.push(pooled);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  async #open(deadline: Deadline): Promise<PooledConnection> {
    const { age, clock, open } = this.#options;
    const generation = this.#generation;
    let connection: LdapConnection;
    try {
      connection = await open(deadline);
    } catch (error) {
      this.#rejectWaiting(error);
      throw error;
    }
    const now = clock.monotonic();
    // Random, so that connections that were opened together do not expire together.
    const expiresAt = now + age * (0.9 + Math.random() * 0.2);
    const pooled = { connection, generation, expiresAt, usedAt: now, isNew: true };
    this.#alive.add(pooled);
    return pooled;
  }

  /** Without any connection that works, each waiting caller would only fail in the same way, one after the other. */
  #rejectWaiting(error: unknown): void {
    if (this.#alive.size > 0 || !(error instanceof DirectoryFault) || error.kind === 'out-of-time') return;
    this.#semaphore.rejectWaiting(error);
  }

  #isUsable({ connection, generation, expiresAt, usedAt }: PooledConnection): boolean {
    const { clock, idle } = this.#options;
    if (connection.closed || generation !== this.#generation) return false;
    return clock.monotonic() < Math.min(expiresAt, usedAt + idle);
  }

  #isRecent({ usedAt }: PooledConnection): boolean {
    return this.#options.clock.monotonic() - usedAt < PING_AFTER_MS;
  }

  async #isAlive(pooled: PooledConnection, deadline: Deadline): Promise<boolean> {
    if (this.#isRecent(pooled)) return true;
    try {
      await pooled.connection.ping(deadline.within(PING_TIMEOUT_MS));
      return true;
    } catch {
      return false;
    }
  }

  #close(pooled: PooledConnection): void {
    pooled.connection[Symbol.dispose]();
    this.#alive.delete(pooled);
  }

  /** Also after one connection was found dead: the others are most likely dead too, and to check each takes too long. */
  #closeUnused(): void {
    for (const pooled of this.#unused.splice(0)) this.#close(pooled);
  }

  #sweep(): void {
    for (const pooled of this.#unused.splice(0)) {
      if (this.#isUsable(pooled)) this.#unused.push(pooled);
      else this.#close(pooled);
    }
    if (this.#unused.length > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  #stopping(): DirectoryFault {
    return new DirectoryFault('out-of-time', `${this.#options.name}: the broker is stopping`);
  }
}
