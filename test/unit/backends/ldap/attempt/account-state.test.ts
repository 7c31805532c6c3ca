import { expect, it } from 'vitest';
import {
  accountState,
  accountStateWithoutBind,
  fileTime,
} from '../../../../../src/backends/ldap/attempt/account-state.ts';
import { attemptsLeft } from '../../../../../src/backends/ldap/attempt/active-directory.ts';
import { entryOf } from '../../../../support/ldap-entry.ts';

/** 2026-01-01T00:00:00Z. */
const NOW = 1_767_225_600;
const entry = (attributes: Readonly<Record<string, string>>) => entryOf({ dn: 'cn=alice,dc=corp', ...attributes });
/** As Active Directory writes times. */
const ticks = (seconds: number): string => String((BigInt(seconds) + 11_644_473_600n) * 10_000_000n);

it.each<[string, Readonly<Record<string, string>>, string]>([
  ['disabled in Active Directory', { userAccountControl: '514' }, 'disabled'],
  ['disabled in 389 Directory Server', { nsAccountLock: 'true' }, 'disabled'],
  ['expired in Active Directory', { accountExpires: ticks(NOW - 1) }, 'expired'],
  ['expired in FreeIPA', { krbPrincipalExpiration: '20251231235959Z' }, 'expired'],
  ['locked in Active Directory', { 'msDS-User-Account-Control-Computed': '16' }, 'locked'],
  ['locked by an OpenLDAP administrator', { pwdAccountLockedTime: '000001010000Z' }, 'locked'],
  ['locked in 389 Directory Server', { accountUnlockTime: '20260101000001Z' }, 'locked'],
  ['locked in 389 Directory Server without an end', { accountUnlockTime: '19700101000000Z' }, 'locked'],
  ['required to change the password in Active Directory', { pwdLastSet: '0' }, 'must-change-password'],
  ['required to change the password in OpenLDAP', { pwdReset: 'TRUE' }, 'must-change-password'],
  ['in FreeIPA with an expired password', { krbPasswordExpiration: '20251231235959Z' }, 'password-expired'],
  ['in FreeIPA with a time in another zone', { krbPasswordExpiration: '202601010100+0200' }, 'password-expired'],
  ['disabled in authentik', { 'ak-active': 'FALSE' }, 'disabled'],
  ['disabled in glauth', { accountStatus: 'inactive' }, 'disabled'],
  ['in use with an expired password', { 'msDS-User-Account-Control-Computed': '8388608' }, 'password-expired'],
])('refuses an account that is %s', (_what, attributes, reason) => {
  expect(accountState(entry(attributes), NOW)).toBe(reason);
});

it.each<[string, Readonly<Record<string, string>>]>([
  ['has no attributes of a state', {}],
  ['has a password that never expires', { userAccountControl: '66048', pwdLastSet: '0' }],
  ['requires a smart card', { userAccountControl: '262656', pwdLastSet: '0' }],
  ['Active Directory computes as usable', { pwdLastSet: '0', 'msDS-User-Account-Control-Computed': '0' }],
  [
    'Active Directory shows as usable',
    {
      userAccountControl: '512',
      'msDS-User-Account-Control-Computed': '0',
      accountExpires: '9223372036854775807',
      pwdLastSet: ticks(NOW - 1000),
    },
  ],
  ['never expires, which 0 means', { accountExpires: '0' }],
  ['expires later', { accountExpires: ticks(NOW + 1), krbPrincipalExpiration: '20260101000001Z' }],
  ['was locked until now', { accountUnlockTime: '20260101000000Z' }],
  ['OpenLDAP may have unlocked', { pwdAccountLockedTime: '20250101000000Z' }],
  ['has values that cannot be read', { accountExpires: 'soon', userAccountControl: 'x', nsAccountLock: 'false' }],
])('leaves the decision to the bind for an account that %s', (_what, attributes) => {
  expect(accountState(entry(attributes), NOW)).toBeUndefined();
});

it('treats an account that OpenLDAP may have unlocked as locked when no bind follows', () => {
  expect(accountStateWithoutBind(entry({ pwdAccountLockedTime: '20250101000000Z' }), NOW)).toBe('locked');
  expect(accountStateWithoutBind(entry({ pwdReset: 'TRUE' }), NOW)).toBe('must-change-password');
  expect(accountStateWithoutBind(entry({}), NOW)).toBeUndefined();
});

it('converts times of Active Directory to seconds since 1970', () => {
  expect(fileTime(ticks(NOW))).toBe(NOW);
});

it.each<[string, Readonly<Record<string, string>>, number, number]>([
  ['there are no failures and three lock', { badPwdCount: '0', badPasswordTime: '0' }, 3, 2],
  ['there is one failure and three lock', { badPwdCount: '1', badPasswordTime: ticks(NOW - 10) }, 3, 1],
  ['there are two failures and three lock', { badPwdCount: '2', badPasswordTime: ticks(NOW - 10) }, 3, 0],
  ['two failures are older than the window', { badPwdCount: '2', badPasswordTime: ticks(NOW - 3600) }, 3, 2],
  ['there are more failures than the threshold', { badPwdCount: '9', badPasswordTime: ticks(NOW - 10) }, 3, 0],
  ['the first failure locks', {}, 1, 1],
  ['the entry has no count', {}, 5, 4],
])('leaves the last attempt before a lock to the user when %s', (_what, attributes, threshold, left) => {
  expect(attemptsLeft(entry(attributes), { threshold, window: 1800 }, NOW)).toBe(left);
});
