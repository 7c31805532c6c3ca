import { describe, expect, it } from 'vitest';
import { createBreaker } from '../../../../src/platform/valkey/breaker.ts';
import { StoreDown } from '../../../../src/platform/valkey/store-down.ts';

function setUp() {
  const changes: (string | undefined)[] = [];
  const waits: { readonly milliseconds: number; readonly work: () => void }[] = [];
  const causes: string[] = [];
  const world = { failures: 0, probes: 0, isHealthy: false, cause: 'still down' };
  const breaker = createBreaker({
    probe: async () => {
      world.probes += 1;
      if (!world.isHealthy) throw new StoreDown(world.cause);
    },
    onChange: (cause) => void changes.push(cause),
    onCause: (cause) => void causes.push(cause),
    onFailure: () => {
      world.failures += 1;
    },
    later: (milliseconds, work) => void waits.push({ milliseconds, work }),
    random: () => 0.5,
  });
  const fail = (isSilent = false): Promise<unknown> =>
    breaker.run(async () => Promise.reject(new StoreDown('refused', { isSilent }))).catch((error: unknown) => error);
  /** Lets the time of the next probe come. */
  const pass = async (): Promise<void> => {
    waits.shift()?.work();
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  return { breaker, changes, causes, waits, world, fail, pass };
}

describe('the circuit breaker', () => {
  it('passes on what the work gives', async () => {
    const { breaker } = setUp();

    expect(await breaker.run(async () => 7)).toBe(7);
  });

  it('opens after three failures in a row, and then fails without asking', async () => {
    const { breaker, changes, fail } = setUp();
    for (let n = 0; n < 3; n += 1) await fail();
    let wasAsked = false;

    const refused = breaker.run(async () => {
      wasAsked = true;
    });

    await expect(refused).rejects.toThrow('the store is down');
    expect([wasAsked, changes]).toEqual([false, ['refused']]);
  });

  it('stays closed when a success is between failures', async () => {
    const { breaker, changes, fail } = setUp();
    for (let n = 0; n < 6; n += 1) {
      await fail();
      if (n % 2 === 1) await breaker.run(async () => undefined);
    }

    expect([breaker.isUp(), changes]).toEqual([true, []]);
  });

  it('opens at the first silence', async () => {
    const { breaker, fail } = setUp();
    await fail(true);

    expect(breaker.isUp()).toBe(false);
  });

  it('makes every failure an outage, also a defect', async () => {
    const { breaker, world } = setUp();

    const failed = breaker.run(async () => Promise.reject(new TypeError('undefined is not a function')));

    await expect(failed).rejects.toBeInstanceOf(StoreDown);
    expect(world.failures).toBe(1);
  });

  it('probes after a random time until the store is up', async () => {
    const { breaker, changes, waits, world, fail, pass } = setUp();
    await fail(true);
    const first = waits[0]?.milliseconds;
    await pass();
    world.isHealthy = true;
    await pass();

    expect([first, world.probes, breaker.isUp()]).toEqual([1000, 2, true]);
    expect(changes).toEqual(['refused', undefined]);
    expect(waits).toEqual([]);
  });

  it('reports each further cause of an outage once, and no more than seven of them', async () => {
    const { causes, world, fail, pass } = setUp();
    await fail(true);
    for (const cause of ['refused', 'wrong password', 'refused', 'wrong password', 'full']) {
      world.cause = cause;
      await pass();
    }
    const few = [...causes];
    for (let n = 0; n < 20; n += 1) {
      world.cause = `cause ${n}`;
      await pass();
    }

    expect(few).toEqual(['wrong password', 'full']);
    expect(causes).toHaveLength(7);
  });

  it('reports a cause again in the next outage', async () => {
    const { causes, world, fail, pass } = setUp();
    for (let outage = 0; outage < 2; outage += 1) {
      world.isHealthy = false;
      await fail(true);
      await pass();
      world.isHealthy = true;
      await pass();
    }

    expect(causes).toEqual(['still down', 'still down']);
  });

  it('probes soon after a new connection, and does so only while it is open', async () => {
    const { breaker, waits, world, fail, pass } = setUp();
    breaker.hasConnection();
    const before = waits.length;
    await fail(true);
    waits.length = 0;
    world.isHealthy = true;

    breaker.hasConnection();
    const [{ milliseconds } = { milliseconds: -1 }] = waits;
    await pass();

    expect([before, milliseconds, breaker.isUp()]).toEqual([0, 50, true]);
  });

  it('has one chain of probes, however often the store goes up and down', async () => {
    const { breaker, waits, world, fail, pass } = setUp();
    world.isHealthy = true;
    for (let n = 0; n < 5; n += 1) {
      await fail(true);
      breaker.hasConnection();
      const [probe] = waits.splice(-1);
      probe?.work();
      await breaker.run(async () => undefined).catch(() => undefined);
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    }
    world.isHealthy = false;
    await fail(true);
    const due = waits.length;
    await pass();

    expect([due, waits.length]).toEqual([1, 1]);
  });
});
