import { describe, expect, it } from 'vitest';
import { judgeBind } from '../../../../../src/backends/ldap/servers/judge-bind.ts';
import { RESULT } from '../../../../../src/backends/ldap/wire/result-code.ts';

const windows = (data: string): string =>
  `80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data ${data}, v4563`;

describe('judgeBind', () => {
  it('accepts a user whose bind succeeds', () => {
    expect(judgeBind({ code: 0, diagnostic: '' })).toEqual({ kind: 'accepted' });
  });

  it.each([
    ['525', 'wrong-password'],
    ['52e', 'wrong-password'],
    ['52E', 'wrong-password'],
    ['530', 'not-now'],
    ['531', 'not-now'],
    ['532', 'password-expired'],
    ['533', 'disabled'],
    ['701', 'expired'],
    ['773', 'must-change-password'],
    ['775', 'locked'],
    ['fff', 'wrong-password'],
  ])('reads the sub-code %s of Active Directory as %s', (data, reason) => {
    expect(judgeBind({ code: 49, diagnostic: windows(data) })).toEqual({ kind: 'rejected', reason });
  });

  it.each([
    ['OpenLDAP: no text', 49, undefined, 'wrong-password'],
    ['OpenLDAP: expired', 49, 0, 'password-expired'],
    ['OpenLDAP: locked', 49, 1, 'locked'],
    ['OpenLDAP: the password must be changed, although the bind succeeds', 0, 2, 'must-change-password'],
    ['an unknown error of the password policy', 49, 99, 'wrong-password'],
    ['389: retry limit', 19, 1, 'locked'],
    ['389: inactivated', 53, 1, 'disabled'],
    ['an entry without a password', 48, undefined, 'wrong-password'],
  ])('gives the reason for a refusal: %s', (_what, code, error, reason) => {
    const policy = error === undefined ? {} : { policy: { error } };

    expect(judgeBind({ code, diagnostic: '', ...policy })).toEqual({ kind: 'rejected', reason });
  });

  it('accepts an expired password while grace logins are left', () => {
    expect(judgeBind({ code: 0, diagnostic: '', policy: { graceLeft: 1 } })).toEqual({ kind: 'accepted' });
  });

  it.each([RESULT.noSuchObject, RESULT.invalidDNSyntax])('reads result %d as a missing entry', (code) => {
    expect(judgeBind({ code, diagnostic: '' })).toEqual({ kind: 'no-entry' });
  });

  it.each([1, 2, 3, 7, 8, 10, 11, 12, 13, 14, 50, 51, 52, 80, 118])(
    'never reads result %d as a wrong password',
    (code) => {
      expect(judgeBind({ code, diagnostic: windows('52e') })).toEqual({ kind: 'failed' });
    },
  );

  it.each(['51f', '0000051f', '54b', '5b4', '6ba', '8'])(
    'never reads the sub-code %s of Active Directory, which is an outage, as a wrong password',
    (data) => {
      expect(judgeBind({ code: 49, diagnostic: windows(data) }, 'active-directory')).toEqual({ kind: 'failed' });
    },
  );

  it.each([
    ['authentik', 50, '', 'not-allowed'],
    ['google-secure-ldap', 50, '', 'not-allowed'],
    ['openldap', 48, '', 'wrong-password'],
    ['389ds', 53, 'Account inactivated. Contact system administrator.', 'disabled'],
    ['freeipa', 53, 'Too many failed logins.', 'locked'],
    ['freeipa', 53, 'Account (Kerberos principal) is expired', 'expired'],
  ] as const)('reads the refusal of %s with result %d %s as %s', (preset, code, diagnostic, reason) => {
    expect(judgeBind({ code, diagnostic }, preset)).toEqual({ kind: 'rejected', reason });
  });

  it.each([
    ['google-secure-ldap', 48, ''],
    ['google-secure-ldap', 11, ''],
    ['active-directory', 48, ''],
    ['openldap', 48, 'client certificate expired'],
    ['389ds', 53, 'Minimum SSF not met.'],
    ['openldap', 53, ''],
    ['glauth', 50, ''],
  ] as const)('never blames the user for the result of %s: %d %s', (preset, code, diagnostic) => {
    expect(judgeBind({ code, diagnostic }, preset)).toEqual({ kind: 'failed' });
  });
});
