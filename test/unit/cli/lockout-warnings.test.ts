import { describe, expect, it } from 'vitest';
import { lockoutWarning, lockoutWarnings } from '../../../src/cli/lockout-warnings.ts';
import { BrokerError } from '../../../src/core/errors.ts';
import { fakeBackend, UNKNOWN } from '../../support/fake-backend.ts';
import { fixedClock } from '../../support/fakes.ts';

describe('the comparison with the lockout policy of a directory', () => {
  it.each([
    ['a higher threshold and the same window', { threshold: 5, window: 1800 }],
    ['a higher threshold and a shorter window', { threshold: 10, window: 60 }],
  ])('has no warning for %s', (_what, policy) => {
    expect(lockoutWarning(policy, { max: 4, window: 1800 })).toBeUndefined();
  });

  it.each([
    ['the same threshold', { threshold: 4, window: 1800 }, 'after 4 wrong passwords', '{ max: 3, window: 30m }'],
    ['a threshold of 1', { threshold: 1, window: 1800 }, 'after 1 wrong passwords', '{ max: 1, window: 30m }'],
    ['a longer window', { threshold: 10, window: 3600 }, 'counts them for 1h', '{ max: 4, window: 1h }'],
    [
      'failures that are never cleared',
      { threshold: 10, window: Infinity },
      'until the next successful login',
      '{ max: 4, window: 24h }',
    ],
  ])('has a warning with the values to write for %s', (_what, policy, reason, values) => {
    const warning = lockoutWarning(policy, { max: 4, window: 1800 });

    expect(warning).toContain(reason);
    expect(warning).toContain(`wrongPasswords: ${values}`);
  });

  it('has a warning when there is no limit', () => {
    expect(lockoutWarning({ threshold: 10, window: 60 }, { max: 0, window: 1800 })).toContain('max: 9');
  });

  it('names the backend, and leaves out those without a policy and those that do not answer', async () => {
    const backends = [
      { lockoutPolicy: async () => ({ threshold: 3, window: 60 }) },
      { lockoutPolicy: async () => undefined },
      { lockoutPolicy: () => Promise.reject(new BrokerError('backend_unavailable', 'down')) },
      {},
    ].map((more, n) => ({
      authenticator: { ...fakeBackend(UNKNOWN, { name: `b${n}` }).chained.authenticator, ...more },
      usernames: undefined,
    }));

    expect(await lockoutWarnings(backends, { max: 4, window: 1800 }, fixedClock())).toEqual([
      expect.stringMatching(/^backend b0: the directory locks/),
    ]);
  });
});
