import { describe, expect, it } from 'vitest';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { ACTIVE_DIRECTORY, createDomainCache } from '../../../../../src/backends/ldap/attempt/active-directory.ts';
import type { Reader } from '../../../../../src/backends/ldap/wire/search.ts';
import { entryOf } from '../../../../support/ldap-entry.ts';
import { fixedClock } from '../../../../support/fakes.ts';

/** A domain with these values of its lockout policy. */
function domainWith(policy: Readonly<Record<string, string>>): Reader {
  const root = { supportedCapabilities: [ACTIVE_DIRECTORY], defaultNamingContext: 'dc=corp' };
  return {
    search: async ({ base }) => ({
      code: 0,
      diagnostic: '',
      matchedDn: '',
      referrals: [],
      entries: [entryOf({ dn: base, ...(base === '' ? root : policy) })],
    }),
  };
}

describe('the lockout policy of a domain', () => {
  it.each([
    ['30 minutes', '-18000000000', { threshold: 5, window: 1800 }],
    ['for ever', '-9223372036854775808', { threshold: 5, window: Infinity }],
  ])('counts wrong passwords for %s', async (_what, lockOutObservationWindow, expected) => {
    const clock = fixedClock();
    const reader = domainWith({ lockoutThreshold: '5', lockOutObservationWindow });

    const { lockout } = await createDomainCache(clock).facts(reader, deadlineIn(clock, 1000));

    expect(lockout).toEqual(expected);
  });

  it('is absent when the threshold is 0', async () => {
    const clock = fixedClock();
    const reader = domainWith({ lockoutThreshold: '0', lockOutObservationWindow: '-18000000000' });

    const { lockout } = await createDomainCache(clock).facts(reader, deadlineIn(clock, 1000));

    expect(lockout).toBeUndefined();
  });
});
