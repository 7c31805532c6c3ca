/** Defaults for the common directories. Every key of the configuration overrides its default. */

interface LdapPreset {
  readonly users: {
    /** Which entries are users (RFC 4515). */
    readonly filter: string;
    /** The attributes that a login is compared with. */
    readonly loginAttributes: readonly string[];
    /** The attribute with the canonical user name. */
    readonly usernameAttribute: string;
    /** The attribute with an id that does not change when the entry is renamed or moved. */
    readonly id: string;
    /** The attributes that `account-state.ts` reads. */
    readonly state: readonly string[];
  };
  /** Whether a connection can be used for another user's bind after a refused bind. */
  readonly keepsAfterRefusal: boolean;
  readonly groups: {
    readonly from: 'memberOf' | 'member';
    /** The attributes of a group with the DNs of members. An attribute without an index makes every search slow. */
    readonly memberAttributes: readonly string[];
    /** Whether posixGroups are searched too. */
    readonly posix: boolean;
    /** Whether memberOf includes the groups of groups. */
    readonly flattened: boolean;
    /** Whether users have a primary group that neither memberOf nor member lists ([MS-ADTS]: primaryGroupID). */
    readonly primary: boolean;
  };
}

export const LDAP_PRESET_NAMES = ['active-directory', 'openldap', 'freeipa', '389ds', 'lldap'] as const;

export const LDAP_PRESETS = {
  'active-directory': {
    keepsAfterRefusal: true,
    users: {
      filter: '(&(objectCategory=person)(objectClass=user))',
      loginAttributes: ['sAMAccountName', 'userPrincipalName'],
      usernameAttribute: 'sAMAccountName',
      id: 'objectGUID',
      state: [
        'userAccountControl',
        'msDS-User-Account-Control-Computed',
        'accountExpires',
        'pwdLastSet',
        'badPwdCount',
        'badPasswordTime',
      ],
    },
    groups: { from: 'memberOf', memberAttributes: ['member'], posix: false, flattened: false, primary: true },
  },
  openldap: {
    keepsAfterRefusal: true,
    users: {
      filter: '(|(objectClass=person)(objectClass=account)(objectClass=posixAccount))',
      loginAttributes: ['uid'],
      usernameAttribute: 'uid',
      id: 'entryUUID',
      state: ['pwdAccountLockedTime', 'pwdReset'],
    },
    // memberOf is an optional overlay. Groups from before it was enabled are missing.
    groups: {
      from: 'member',
      memberAttributes: ['member', 'uniqueMember'],
      posix: true,
      flattened: false,
      primary: false,
    },
  },
  freeipa: {
    keepsAfterRefusal: false,
    users: {
      filter: '(objectClass=posixAccount)',
      loginAttributes: ['uid'],
      usernameAttribute: 'uid',
      id: 'ipaUniqueID',
      state: ['nsAccountLock', 'krbPrincipalExpiration'],
    },
    groups: { from: 'memberOf', memberAttributes: ['member'], posix: false, flattened: true, primary: false },
  },
  '389ds': {
    // After a refused bind it kept the rights of the previous user (389-ds-base issue 5221).
    keepsAfterRefusal: false,
    users: {
      filter: '(objectClass=person)',
      loginAttributes: ['uid'],
      usernameAttribute: 'uid',
      id: 'nsUniqueId',
      state: ['nsAccountLock', 'accountUnlockTime'],
    },
    groups: {
      from: 'member',
      memberAttributes: ['member', 'uniqueMember'],
      posix: true,
      flattened: false,
      primary: false,
    },
  },
  lldap: {
    keepsAfterRefusal: true,
    users: {
      filter: '(objectClass=person)',
      loginAttributes: ['uid'],
      usernameAttribute: 'uid',
      id: 'entryUUID',
      state: [],
    },
    groups: { from: 'memberOf', memberAttributes: ['member'], posix: false, flattened: true, primary: false },
  },
} as const satisfies Record<(typeof LDAP_PRESET_NAMES)[number], LdapPreset>;
