import { describe, expect, it } from 'vitest';
import type { LdapConnection } from '../../../../../src/backends/ldap/wire/connection.ts';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { DirectoryFault } from '../../../../../src/backends/ldap/wire/fault.ts';
import { Pool } from '../../../../../src/backends/ldap/servers/pool.ts';
import type { PoolOptions } from '../../../../../src/backends/ldap/servers/pool.ts';
import { fixedClock, realClock } from '../../../../support/fakes.ts';
import { waitFor } from '../../../../support/wait.ts';

interface FakeConnection extends LdapConnection {
  readonly number: number;
  closed: boolean;
  isDead: boolean;
  pings: number;
}

const soon = (milliseconds = 5000) => deadlineIn(realClock, milliseconds);
const never = (): boolean => false;
const always = (): boolean => true;
const LOST = new DirectoryFault('lost', 'gone');

function setUp(options: Partial<PoolOptions> = {}) {
  const clock = fixedClock();
  const opened: FakeConnection[] = [];
  const pool = new Pool({
    name: 'ldap://test',
    max: 2,
    idle: 60_000,
    age: 600_000,
    clock,
    open: async () => {
      const connection = fakeConnection(opened.length);
      opened.push(connection);
      return connection;
    },
    ...options,
  });
  /** Runs work that succeeds. @returns the number of its connection */
  const next = (): Promise<number> =>
    pool.use(soon(), async (connection) => opened.findIndex((known) => known === connection), never);
  return { clock, opened, pool, next };
}

function fakeConnection(number: number): FakeConnection {
  const self = {
    number,
    closed: false,
    isDead: false,
    pings: 0,
    ping: async () => {
      self.pings += 1;
      if (self.isDead) throw LOST;
    },
    [Symbol.dispose]: () => {
      self.closed = true;
    },
  };
  return self as unknown as FakeConnection;
}

describe('a pool of connections', () => {
  it('reuses a connection, and never for two callers at the same time', async () => {
    const { opened, pool, next } = setUp();
    const release = Promise.withResolvers<void>();

    const first = [await next(), await next()];
    const busy = pool.use(soon(), () => release.promise, never);
    const second = await next();
    release.resolve();
    await busy;

    expect(first).toEqual([0, 0]);
    expect(second).toBe(1);
    expect(opened).toHaveLength(2);
  });

  it('runs work in order when all connections are in use', async () => {
    const { opened, pool } = setUp({ max: 1 });
    const order: number[] = [];

    await Promise.all([1, 2, 3, 4].map((n) => pool.use(soon(), async () => order.push(n), never)));

    expect(order).toEqual([1, 2, 3, 4]);
    expect(opened).toHaveLength(1);
  });

  it('opens no more connections than its maximum under load with failures', async () => {
    let [open, most] = [0, 0];
    const { pool } = setUp({
      max: 3,
      open: async () => {
        open += 1;
        most = Math.max(most, open);
        await new Promise(setImmediate);
        const connection = fakeConnection(0);
        const dispose = connection[Symbol.dispose];
        connection[Symbol.dispose] = () => {
          if (!connection.closed) open -= 1;
          dispose();
        };
        return connection;
      },
    });

    const results = await Promise.allSettled(
      [...Array(100).keys()].map((n) =>
        pool.use(
          soon(),
          async () => {
            await new Promise(setImmediate);
            if (n % 7 === 0) throw LOST;
          },
          always,
        ),
      ),
    );

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(85);
    expect(most).toBe(3);
  });

  it('rejects work whose deadline passes while it waits, without blaming the server', async () => {
    const { pool, next } = setUp({ max: 1 });
    const release = Promise.withResolvers<void>();
    const busy = pool.use(soon(), () => release.promise, never);

    await expect(pool.use(soon(20), async () => 1, never)).rejects.toMatchObject({ kind: 'out-of-time' });
    release.resolve();
    await busy;

    expect(await next()).toBe(0);
  });

  it.each<[string, (clock: ReturnType<typeof fixedClock>, connection: FakeConnection | undefined) => void]>([
    ['has ended', (_clock, connection) => connection !== undefined && (connection.closed = true)],
    ['was unused for too long', (clock) => clock.advance(61)],
    [
      'does not answer a ping',
      (clock, connection) => {
        clock.advance(2);
        if (connection !== undefined) connection.isDead = true;
      },
    ],
  ])('never reuses a connection that %s', async (_what, happen) => {
    const { clock, opened, next } = setUp();
    await next();

    happen(clock, opened[0]);

    expect(await next()).toBe(1);
    expect(opened[0]?.closed).toBe(true);
  });

  it('pings a connection that was unused for a second before it reuses it', async () => {
    const { clock, opened, next } = setUp();
    await next();
    await next();
    const before = opened[0]?.pings;

    clock.advance(2);

    expect(await next()).toBe(0);
    expect([before, opened[0]?.pings]).toEqual([0, 1]);
  });

  it('never reuses a connection after an error', async () => {
    const { opened, pool, next } = setUp();

    await expect(pool.use(soon(), () => Promise.reject(new Error('odd')), always)).rejects.toThrow('odd');

    expect(opened[0]?.closed).toBe(true);
    expect(await next()).toBe(1);
  });

  it('runs work once more on a new connection when it failed on a reused one', async () => {
    const { pool, next, opened } = setUp();
    await next();
    let tries = 0;
    const fail = async (): Promise<never> => {
      tries += 1;
      throw LOST;
    };

    await expect(pool.use(soon(), fail, always)).rejects.toBe(LOST);

    expect(tries).toBe(2);
    expect(opened).toHaveLength(2);
  });

  it.each([
    ['the connection was new', 0, always],
    ['the caller does not allow it', 1, never],
  ])('never runs work again when %s', async (_why, warm, mayRetry) => {
    const { pool, next } = setUp();
    for (let n = 0; n < warm; n += 1) await next();
    let tries = 0;

    const work = async (): Promise<never> => {
      tries += 1;
      throw LOST;
    };

    await expect(pool.use(soon(), work, mayRetry)).rejects.toBe(LOST);
    expect(tries).toBe(1);
  });

  it('rejects all waiting work when the server is unreachable, without a try for each', async () => {
    let tries = 0;
    const down = new DirectoryFault('unreachable', 'down');
    const { pool } = setUp({
      open: async () => {
        tries += 1;
        await new Promise(setImmediate);
        throw down;
      },
    });

    const results = await Promise.allSettled([...Array(50).keys()].map(() => pool.use(soon(), async () => 1, always)));

    expect(results.every((result) => result.status === 'rejected' && result.reason === down)).toBe(true);
    expect(tries).toBeLessThanOrEqual(2);
  });

  it('opens nothing and rejects all waiting work once it is disposed of', async () => {
    const { opened, pool, next } = setUp({ max: 1 });
    const release = Promise.withResolvers<void>();
    const busy = pool.use(soon(), () => release.promise, never);
    await waitFor('the work to begin', () => opened.length === 1);
    const waiting = expect(next()).rejects.toMatchObject({ kind: 'out-of-time' });

    pool[Symbol.dispose]();
    release.resolve();
    await busy;
    await waiting;

    await expect(next()).rejects.toMatchObject({ kind: 'out-of-time' });
    expect(opened.map(({ closed }) => closed)).toEqual([true]);
  });

  it('closes unused connections when it is retired, and those in use when their work ends', async () => {
    const { opened, pool, next } = setUp();
    const release = Promise.withResolvers<void>();
    const busy = pool.use(soon(), () => release.promise, never);
    await next();

    pool.retire();
    const closed = opened.map((connection) => connection.closed);
    release.resolve();
    await busy;

    expect(closed).toEqual([false, true]);
    expect(opened.map((connection) => connection.closed)).toEqual([true, true]);
    expect(await next()).toBe(2);
  });
});
