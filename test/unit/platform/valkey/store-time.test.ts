import { describe, expect, it } from 'vitest';
import { createStoreTimes } from '../../../../src/platform/valkey/store-time.ts';
import { StoreDown } from '../../../../src/platform/valkey/store-down.ts';

const LIMIT_MS = 100;
const TICK_MS = 20;

function setUp() {
  const ticks: (() => void)[] = [];
  const world = { at: 0, usedUp: 0 };
  const newTime = createStoreTimes({
    limitMs: LIMIT_MS,
    now: () => world.at,
    later: (_milliseconds, work) => void ticks.push(work),
    onUsedUp: () => {
      world.usedUp += 1;
    },
  });
  /** Lets time pass, with a tick each so many milliseconds. */
  const pass = (milliseconds: number, tickMs = TICK_MS): void => {
    for (let passed = 0; passed < milliseconds; passed += tickMs) {
      world.at += tickMs;
      ticks.shift()?.();
    }
  };
  /** A command that is answered after so many milliseconds, or is given up. */
  const command = async (time: ReturnType<typeof newTime>, milliseconds: number, tickMs?: number) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const result = time.within(promise).catch((error: unknown) => error);
    pass(milliseconds, tickMs);
    resolve('reply');
    return result;
  };
  return { ticks, world, newTime, command };
}

describe('the time of one login for the store', () => {
  it('gives the reply, or what the command throws', async () => {
    const { newTime, command } = setUp();
    const time = newTime();

    expect(await command(time, 20)).toBe('reply');
    await expect(time.within(Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  });

  it('is used up by several commands together', async () => {
    const { newTime, command, world } = setUp();
    const time = newTime();
    const replies = [await command(time, 40), await command(time, 40)];
    const before = time.isUsedUp();

    const last = await command(time, 40);

    expect(replies).toEqual(['reply', 'reply']);
    expect(last).toBeInstanceOf(StoreDown);
    expect([before, time.isUsedUp(), world.usedUp]).toEqual([false, true, 1]);
  });

  it('is the own of each login', async () => {
    const { newTime, command } = setUp();
    await command(newTime(), 200);

    expect(newTime().isUsedUp()).toBe(false);
  });

  it('gives up a command at once when it is used up already', async () => {
    const { newTime, command, world } = setUp();
    const time = newTime();
    await command(time, 200);

    await expect(time.within(new Promise(() => undefined))).rejects.toBeInstanceOf(StoreDown);
    expect(world.usedUp).toBe(1);
  });

  it('does not count the time when the event loop was busy, so that a broker under load keeps asking', async () => {
    const { newTime, command } = setUp();
    const time = newTime();

    expect(await command(time, 1000, 1000)).toBe('reply');
    expect(time.isUsedUp()).toBe(false);
  });

  it('does not count what is refunded', async () => {
    const { newTime, command } = setUp();
    const time = newTime();
    for (let n = 0; n < 10; n += 1) {
      expect(await command(time, 40)).toBe('reply');
      time.refund();
    }

    expect(time.isUsedUp()).toBe(false);
  });

  it('sets no timer while nobody waits', async () => {
    const { newTime, command, ticks } = setUp();
    await command(newTime(), 40);
    for (const tick of ticks.splice(0)) tick();

    expect(ticks).toEqual([]);
  });
});
