import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../../../src/core/events.ts';
import { createLoginTimes } from '../../../../src/platform/audit/login-times.ts';
import { fixedClock } from '../../../support/fakes.ts';

type Login = Extract<AuditEvent, { type: 'login' }>;

function login(seconds: number, more: Partial<Login> = {}): Login {
  return {
    type: 'login',
    request: { requestId: 'r-1', client: '192.0.2.1' },
    backend: 'corp',
    username: 'alice',
    outcome: 'authenticated',
    source: 'backend',
    seconds,
    ...more,
  };
}

describe('the times of logins', () => {
  it('are the median and the 95th percentile of those that each backend answered', () => {
    const times = createLoginTimes(fixedClock(1000));
    for (let count = 1; count <= 100; count += 1) times.record(login(count / 1000));
    times.record(login(3, { backend: 'other', outcome: 'rejected' }));

    expect(times.logins('corp')).toEqual({ count: 100, p50Ms: 50, p95Ms: 95, lastAt: 1000 });
    expect(times.logins('other')).toMatchObject({ count: 1, p50Ms: 3000, p95Ms: 3000 });
    expect(times.logins('unknown')).toBeUndefined();
  });

  it('leave out what the cache answered, and what got no answer', () => {
    const times = createLoginTimes(fixedClock());
    times.record(login(0.02));
    for (const source of ['memory', 'shared', 'stale'] as const) times.record(login(9, { source }));
    times.record(login(8, { outcome: 'failed', cause: 'no answer in time' }));

    expect(times.logins('corp')).toMatchObject({ count: 1, p95Ms: 20 });
  });

  it('are those of the last 200 logins', () => {
    const times = createLoginTimes(fixedClock());
    for (let count = 0; count < 200; count += 1) times.record(login(8));
    const slow = times.logins('corp');
    for (let count = 0; count < 190; count += 1) times.record(login(0.01));

    expect(slow).toMatchObject({ count: 200, p50Ms: 8000 });
    expect(times.logins('corp')).toMatchObject({ count: 200, p50Ms: 10, p95Ms: 10 });
  });

  it('come with the last login that got no answer, and its cause, shortened', () => {
    const clock = fixedClock(1000);
    const times = createLoginTimes(clock);
    times.record(login(8, { outcome: 'failed', cause: 'refused' }));
    clock.advance(60);
    times.record(login(8, { outcome: 'failed', cause: 'x'.repeat(10_000) }));
    clock.advance(60);
    times.record(login(0.01));

    expect(times.lastFailure('corp')).toEqual({ at: 1060, cause: 'x'.repeat(500) });
    expect(times.lastFailure('other')).toBeUndefined();
  });
});
