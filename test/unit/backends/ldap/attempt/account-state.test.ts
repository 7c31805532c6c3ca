import { expect, it } from 'vitest';
import { accountState, accountStateAlone, fileTime } from '../../../../../src/backends/ldap/attempt/account-state.ts';
import { attemptsLeft } from '../../../../../src/backends/ldap/attempt/domain.ts';
import { readEntry } from '../../../../../src/backends/ldap/wire/entry.ts';

/** 2026-01-01T00:00:00Z. */
const NOW = 1_767_225_600;
const entry = (attributes: Readonly<Record<string, string>>) => readEntry({ dn: 'cn=alice,dc=corp', ...attributes });
/** As Active Directory writes times. */
const ticks = (seconds: number): string => String((BigInt(seconds) + 11_644_473_600n) * 10_000_000n);

it.each<[string, Readonly<Record<string, string>>, string]>([
  ['switched off in Active Directory', { userAccountControl: '514' }, 'disabled'],
  ['switched off in 389 Directory Server', { nsAccountLock: 'true' }, 'disabled'],
  ['over in Active Directory', { accountExpires: ticks(NOW - 1) }, 'expired'],
  ['over in FreeIPA', { krbPrincipalExpiration: '20251231235959Z' }, 'expired'],
  ['locked in Active Directory', { 'msDS-User-Account-Control-Computed': '16' }, 'locked'],
  ['locked by an OpenLDAP administrator', { pwdAccountLockedTime: '000001010000Z' }, 'locked'],
  ['locked in 389 Directory Server', { accountUnlockTime: '20260101000001Z' }, 'locked'],
  ['locked in 389 Directory Server for good', { accountUnlockTime: '19700101000000Z' }, 'locked'],
  ['to get a new password in Active Directory', { pwdLastSet: '0' }, 'must-change-password'],
  ['to get a new password in OpenLDAP', { pwdReset: 'TRUE' }, 'must-change-password'],
  ['past its password', { 'msDS-User-Account-Control-Computed': '8388608' }, 'password-expired'],
])('refuses an account that is %s', (_what, attributes, reason) => {
  expect(accountState(entry(attributes), NOW)).toBe(reason);
});

it.each<[string, Readonly<Record<string, string>>]>([
  ['nothing is told of', {}],
  [
    'Active Directory holds nothing against',
    {
      userAccountControl: '512',
      'msDS-User-Account-Control-Computed': '0',
      accountExpires: '9223372036854775807',
      pwdLastSet: ticks(NOW - 1000),
    },
  ],
  ['never ends, as 0 says', { accountExpires: '0' }],
  ['ends later', { accountExpires: ticks(NOW + 1), krbPrincipalExpiration: '20260101000001Z' }],
  ['was locked until now', { accountUnlockTime: '20260101000000Z' }],
  ['OpenLDAP may have unlocked again', { pwdAccountLockedTime: '20250101000000Z' }],
  ['has what cannot be read', { accountExpires: 'soon', userAccountControl: 'x', nsAccountLock: 'false' }],
])('lets the bind decide about an account that %s', (_what, attributes) => {
  expect(accountState(entry(attributes), NOW)).toBeUndefined();
});

it('counts an account as locked that OpenLDAP may have unlocked again, where no bind follows', () => {
  expect(accountStateAlone(entry({ pwdAccountLockedTime: '20250101000000Z' }), NOW)).toBe('locked');
  expect(accountStateAlone(entry({ pwdReset: 'TRUE' }), NOW)).toBe('must-change-password');
  expect(accountStateAlone(entry({}), NOW)).toBeUndefined();
});

it('reads times of Active Directory', () => {
  expect(fileTime(ticks(NOW))).toBe(NOW);
});

it.each<[string, Readonly<Record<string, string>>, number, number]>([
  ['none of three was wrong', { badPwdCount: '0', badPasswordTime: '0' }, 3, 2],
  ['one of three was', { badPwdCount: '1', badPasswordTime: ticks(NOW - 10) }, 3, 1],
  ['two of three were', { badPwdCount: '2', badPasswordTime: ticks(NOW - 10) }, 3, 0],
  ['two were, long ago', { badPwdCount: '2', badPasswordTime: ticks(NOW - 3600) }, 3, 2],
  ['more were than lock it', { badPwdCount: '9', badPasswordTime: ticks(NOW - 10) }, 3, 0],
  ['the first locks it', {}, 1, 1],
  ['the entry does not tell', {}, 5, 4],
])('leaves the last attempt to the owner where %s', (_what, attributes, threshold, left) => {
  expect(attemptsLeft(entry(attributes), { threshold, window: 1800 }, NOW)).toBe(left);
});
