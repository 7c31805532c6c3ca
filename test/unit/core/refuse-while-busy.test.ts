import { describe, expect, it } from 'vitest';
import { refuseWhileBusy } from '../../../src/core/refuse-while-busy.ts';

describe('work that refuses calls while it is busy', () => {
  it('refuses a second call while the first one runs, and not one after it', async () => {
    const first = Promise.withResolvers<string>();
    const call = refuseWhileBusy(
      (input: Promise<string>) => input,
      () => 'refused',
    );

    const running = call(first.promise);
    const second = await call(Promise.resolve('second'));
    first.resolve('first');

    expect([await running, second, await call(Promise.resolve('third'))]).toEqual(['first', 'refused', 'third']);
  });

  it('accepts a call after one that failed', async () => {
    const call = refuseWhileBusy(
      (input: Promise<string>) => input,
      () => 'refused',
    );

    await expect(call(Promise.reject(new Error('broken')))).rejects.toThrow('broken');

    expect(await call(Promise.resolve('next'))).toBe('next');
  });
});
