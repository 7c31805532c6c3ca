/** When a person proved at the provider who they are. */
import { describe, expect, it } from 'vitest';
import { authTimeIn, authTimeProblem } from '../../../../src/backends/oidc-sign-in/auth-time.ts';

const NOW = 1_700_000_000;

describe('the time of the proof', () => {
  it.each([
    ['is the claim auth_time', { auth_time: NOW - 9 }, 'auth_time', NOW - 9],
    ['is the claim also where the sign-in would be enough', { auth_time: NOW - 9 }, 'sign-in', NOW - 9],
    ['is not known without the claim', {}, 'auth_time', undefined],
    ['is not known where the claim is a text', { auth_time: String(NOW) }, 'auth_time', undefined],
    ['is that of the sign-in where the configuration says so', {}, 'sign-in', NOW],
  ] as const)('%s', (_what, claims, rule, time) => {
    expect(authTimeIn(claims, rule, NOW)).toBe(time);
  });
});

describe('a sign-in that has to be recent', () => {
  it.each([
    ['is accepted after a proof of now', NOW, undefined],
    ['is accepted after five minutes, and a minute for the clocks', NOW - 360, undefined],
    ['is accepted where the clock of the provider is ahead', NOW + 30, undefined],
    ['is refused after an older proof', NOW - 361, 'invalid'],
    ['is refused without a time', undefined, 'cancelled'],
  ])('%s', (_what, time, kind) => {
    expect(authTimeProblem(time, NOW)?.kind).toBe(kind);
  });
});
