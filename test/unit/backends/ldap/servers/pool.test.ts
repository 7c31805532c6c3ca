import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../../../src/backends/ldap/wire/connection.ts';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { DirectoryFault } from '../../../../../src/backends/ldap/wire/fault.ts';
import { createPool } from '../../../../../src/backends/ldap/servers/pool.ts';
import type { PoolOptions } from '../../../../../src/backends/ldap/servers/pool.ts';
import { fixedClock, realClock } from '../../../../support/fakes.ts';

interface FakeConnection extends Connection {
  readonly number: number;
  closed: boolean;
  isDead: boolean;
  proofs: number;
}

const soon = (milliseconds = 5000) => deadlineIn(realClock, milliseconds);
const never = (): boolean => false;
const always = (): boolean => true;
const LOST = new DirectoryFault('lost', 'gone');

function setUp(options: Partial<PoolOptions> = {}) {
  const clock = fixedClock();
  const opened: FakeConnection[] = [];
  const pool = createPool({
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
  /** The number of the connection that some work gets. */
  const next = (): Promise<number> =>
    pool.use(soon(), async (connection) => opened.findIndex((known) => known === connection), never);
  return { clock, opened, pool, next };
}

function fakeConnection(number: number): FakeConnection {
  const self = {
    number,
    closed: false,
    isDead: false,
    proofs: 0,
    prove: async () => {
      self.proofs += 1;
      if (self.isDead) throw LOST;
    },
    [Symbol.dispose]: () => {
      self.closed = true;
    },
  };
  return self as unknown as FakeConnection;
}

describe('a pool', () => {
  it('lends the same connection again, and never to two at a time', async () => {
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

  it('lets those wait for whom there is no place, in order', async () => {
    const { opened, pool } = setUp({ max: 1 });
    const order: number[] = [];

    await Promise.all([1, 2, 3, 4].map((n) => pool.use(soon(), async () => order.push(n), never)));

    expect(order).toEqual([1, 2, 3, 4]);
    expect(opened).toHaveLength(1);
  });

  it('lets nobody wait beyond the deadline, and says that this tells nothing of the server', async () => {
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
      'is dead when asked',
      (clock, connection) => {
        clock.advance(2);
        if (connection !== undefined) connection.isDead = true;
      },
    ],
  ])('never lends a connection that %s', async (_what, happen) => {
    const { clock, opened, next } = setUp();
    await next();

    happen(clock, opened[0]);

    expect(await next()).toBe(1);
    expect(opened[0]?.closed).toBe(true);
  });

  it('asks a connection whether it lives when it was unused for a second, and then lends it', async () => {
    const { clock, opened, next } = setUp();
    await next();
    await next();
    const before = opened[0]?.proofs;

    clock.advance(2);

    expect(await next()).toBe(0);
    expect([before, opened[0]?.proofs]).toEqual([0, 1]);
  });

  it('never lends a connection on which something failed', async () => {
    const { opened, pool, next } = setUp();

    await expect(pool.use(soon(), () => Promise.reject(new Error('odd')), always)).rejects.toThrow('odd');

    expect(opened[0]?.closed).toBe(true);
    expect(await next()).toBe(1);
  });

  it('does work again once, on a new connection, where the connection was an old one', async () => {
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
    ['the work must not be done twice', 1, never],
  ])('never does work again where %s', async (_why, warm, again) => {
    const { pool, next } = setUp();
    for (let n = 0; n < warm; n += 1) await next();
    let tries = 0;

    const work = async (): Promise<never> => {
      tries += 1;
      throw LOST;
    };

    await expect(pool.use(soon(), work, again)).rejects.toBe(LOST);
    expect(tries).toBe(1);
  });

  it('fails all who wait when there is no way to the server, without trying for each', async () => {
    let tries = 0;
    const down = new DirectoryFault('unreachable', 'no way');
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

  it('lends nothing and opens nothing when it is disposed of', async () => {
    const { opened, pool, next } = setUp({ max: 1 });
    const release = Promise.withResolvers<void>();
    const busy = pool.use(soon(), () => release.promise, never);
    const waiting = expect(next()).rejects.toMatchObject({ kind: 'out-of-time' });

    pool[Symbol.dispose]();
    release.resolve();
    await busy;
    await waiting;

    await expect(next()).rejects.toMatchObject({ kind: 'out-of-time' });
    expect(opened.map(({ closed }) => closed)).toEqual([true]);
  });

  it('closes what it has when it is retired, and what is lent when it comes back', async () => {
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
