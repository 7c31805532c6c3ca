import { describe, expect, it } from 'vitest';
import { createRefusalTime, PERIOD_MS } from '../../../src/flows/refusal-time.ts';
import { fixedClock } from '../../support/fakes.ts';

function openTime() {
  const clock = fixedClock();
  const delays: number[] = [];
  const ends: (() => void)[] = [];
  const sleep = async (milliseconds: number): Promise<void> => {
    delays.push(milliseconds);
    const { promise, resolve } = Promise.withResolvers<void>();
    ends.push(resolve);
    await promise;
  };
  const time = createRefusalTime(clock, { sleep });
  /** Refuses a login that took so long, and leaves the refusal waiting. */
  const refuse = (milliseconds: number): number => {
    void time.waitAfter(milliseconds);
    return delays.at(-1) ?? NaN;
  };
  /** Ends the refusals that wait. */
  const endAll = async (): Promise<void> => {
    for (const end of ends.splice(0)) end();
    await Promise.resolve();
    await Promise.resolve();
  };
  const delayAfter = async (milliseconds: number): Promise<number> => {
    const delay = refuse(milliseconds);
    await endAll();
    return delay;
  };
  return { clock, time, refuse, endAll, delayAfter };
}

function setUp(...noted: readonly number[]) {
  const world = openTime();
  const { clock, time } = world;
  // The assumption for the first minutes ends.
  clock.advance((2 * PERIOD_MS) / 1000);
  for (const milliseconds of noted) time.note(milliseconds);
  return world;
}

describe('the time of a refusal', () => {
  it.each([
    ['250 ms', [20, 220], 250],
    ['500 ms', [20, 291], 500],
    ['500 ms, when the slowest login leaves little time', [240], 500],
    ['1000 ms', [750], 1000],
    ['2000 ms', [1500], 2000],
    ['2000 ms at most', [7000], 2000],
  ])('is a step of %s after logins of %j ms', async (_step, noted, expected) => {
    const { delayAfter } = setUp(...noted);

    expect(await delayAfter(0)).toBe(expected);
    expect(await delayAfter(expected - 1)).toBe(1);
    expect(await delayAfter(expected + 1)).toBe(expected - 1);
  });

  it('is a step of 500 ms while no login is known', async () => {
    expect(await openTime().delayAfter(10)).toBe(490);
  });

  it('follows the slowest login at once, and shorter ones after five to ten minutes', async () => {
    const { clock, time, delayAfter } = setUp(20);
    const steps = [await delayAfter(0)];
    time.note(800);
    steps.push(await delayAfter(0));
    for (const seconds of [299, 2, 298, 2]) {
      clock.advance(seconds);
      time.note(20);
      steps.push(await delayAfter(0));
    }

    expect(steps).toEqual([250, 1000, 1000, 1000, 1000, 250]);
  });

  it('is a longer step while many refusals wait, and the same as before when they are answered', async () => {
    const { refuse, endAll } = setUp(20);
    const steps = Array.from({ length: 400 }, () => refuse(0));
    await endAll();

    expect([0, 45, 46, 90, 91, 180, 181, 399].map((n) => steps[n])).toEqual([
      250, 250, 500, 500, 1000, 1000, 2000, 2000,
    ]);
    expect(refuse(0)).toBe(250);
  });
});
