/** What the common directories call things. Every value can be overridden, key by key. */

export interface Preset {
  readonly users: {
    /** Which entries are people (RFC 4515). */
    readonly filter: string;
    /** The attributes a login is compared with. */
    readonly loginAttributes: readonly string[];
    /** The attribute that holds the canonical name. */
    readonly usernameAttribute: string;
    /** The attribute with an id that stays when the entry is renamed or moved. */
    readonly id: string;
    /** What tells of an account that nobody can log in to; see `account-state.ts`. */
    readonly state: readonly string[];
  };
  /** Whether a connection on which a user was refused may be used for the next one's bind. */
  readonly keepsAfterRefusal: boolean;
  readonly groups: {
    readonly from: 'memberOf' | 'member';
    /** The attributes of a group that hold members' DNs. An attribute without an index makes every search slow. */
    readonly memberAttributes: readonly string[];
    /** Whether posixGroups count beside those. */
    readonly posix: boolean;
    /** Whether the directory itself lists the groups of groups: nothing is left to do for nesting then. */
    readonly flattened: boolean;
    /** Whether users have a primary group that no list names ([MS-ADTS]: primaryGroupID). */
    readonly primary: boolean;
  };
}

export const PRESET_NAMES = ['active-directory', 'openldap', 'freeipa', '389ds', 'lldap'] as const;

export const PRESETS = {
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
    // memberOf is an overlay that many servers lack, or had switched on too late for their older groups.
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
    // It has kept the rights of whoever was bound before a refused bind (389-ds-base issue 5221).
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
} as const satisfies Record<(typeof PRESET_NAMES)[number], Preset>;
