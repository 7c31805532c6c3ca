import { describe, expect, it } from 'vitest';
import { createRefusalTime, PERIOD_MS } from '../../../src/flows/refusal-time.ts';
import { fixedClock } from '../../support/fakes.ts';

function setUp(...noted: readonly number[]) {
  const clock = fixedClock();
  const time = createRefusalTime(clock);
  // The assumption for the first minutes ends.
  clock.advance((2 * PERIOD_MS) / 1000);
  for (const milliseconds of noted) time.note(milliseconds);
  return { clock, time };
}

describe('the time of a refusal', () => {
  it.each([
    ['250 ms', [20, 220], 250],
    ['500 ms', [20, 291], 500],
    ['500 ms, when the slowest login leaves little room', [240], 500],
    ['1000 ms', [750], 1000],
    ['2000 ms', [1500], 2000],
    ['2000 ms at most', [7000], 2000],
  ])('is a step of %s after logins of %j ms', (_step, noted, expected) => {
    const { time } = setUp(...noted);

    expect(time.delayAfter(0)).toBe(expected);
    expect(time.delayAfter(expected - 1)).toBe(1);
    expect(time.delayAfter(expected + 1)).toBe(expected - 1);
  });

  it('is a step of 500 ms while no login is known', () => {
    expect(createRefusalTime(fixedClock()).delayAfter(10)).toBe(490);
  });

  it('follows the slowest login at once, and shorter ones after five to ten minutes', () => {
    const { clock, time } = setUp(20);
    const steps = [time.delayAfter(0)];
    time.note(800);
    steps.push(time.delayAfter(0));
    for (const seconds of [299, 2, 298, 2]) {
      clock.advance(seconds);
      time.note(20);
      steps.push(time.delayAfter(0));
    }

    expect(steps).toEqual([250, 1000, 1000, 1000, 1000, 250]);
  });
});
