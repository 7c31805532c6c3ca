import { describe, expect, it } from 'vitest';
import { createBreaker, OpenError } from '../../../../src/platform/postgres/breaker.ts';
import { fixedClock } from '../../../support/fakes.ts';

const OUTAGE = new Error('it does not answer');
const REFUSAL = new Error('it refuses this one');

function setUp(jitter = 0.5) {
  const clock = fixedClock();
  const changes: unknown[] = [];
  const breaker = createBreaker({
    clock,
    random: () => jitter,
    isOutage: (error) => error === OUTAGE,
    onChange: (cause) => changes.push(cause),
  });
  let tried = 0;
  const attempt = (result: 'works' | Error): Promise<unknown> =>
    breaker
      .run(async () => {
        tried += 1;
        if (result !== 'works') throw result;
        return result;
      })
      .catch((error: unknown) => (error instanceof OpenError ? 'not tried' : error));
  const open = async (): Promise<void> => {
    for (let failure = 0; failure < 3; failure += 1) await attempt(OUTAGE);
  };
  return { clock, changes, breaker, attempt, open, tried: () => tried };
}

describe('the circuit breaker', () => {
  it('opens after three outages in a row, and then tries nothing', async () => {
    const { attempt, open, tried, changes } = setUp();

    await open();

    expect(await attempt('works')).toBe('not tried');
    expect(tried()).toBe(3);
    expect(changes).toEqual([OUTAGE]);
  });

  it('says, while it is open, why the server failed before', async () => {
    const { breaker, open } = setUp();
    await open();

    await expect(breaker.run(async () => 'works')).rejects.toThrow(/failed: it does not answer/);
  });

  it('stays closed when a success, or a refusal of a server that works, comes between outages', async () => {
    const { attempt } = setUp();

    for (const result of [OUTAGE, OUTAGE, 'works', OUTAGE, OUTAGE, REFUSAL, OUTAGE, OUTAGE] as const)
      await attempt(result);

    expect(await attempt('works')).toBe('works');
  });

  it.each([
    [0, 0.5],
    [0.999, 1.499],
  ])('stays open for half a second to one and a half, by chance %f', async (jitter, seconds) => {
    const { clock, attempt, open } = setUp(jitter);
    await open();

    clock.advance(seconds - 0.01);
    const before = await attempt('works');
    clock.advance(0.02);

    expect([before, await attempt('works')]).toEqual(['not tried', 'works']);
  });

  it('lets one attempt through after that, and its success closes it for all', async () => {
    const { clock, breaker, attempt, open, changes } = setUp();
    await open();
    clock.advance(2);
    const trial = Promise.withResolvers<string>();

    const first = breaker.run(() => trial.promise);
    const meanwhile = await attempt('works');
    trial.resolve('works');

    expect([await first, meanwhile, await attempt('works')]).toEqual(['works', 'not tried', 'works']);
    expect(changes).toEqual([OUTAGE, undefined]);
  });

  it('opens again at once when that attempt fails, and reports the outage once', async () => {
    const { clock, attempt, open, tried, changes } = setUp();
    await open();
    clock.advance(2);

    await attempt(OUTAGE);

    expect(await attempt('works')).toBe('not tried');
    expect(tried()).toBe(4);
    expect(changes).toEqual([OUTAGE]);
  });
});
