/** Defaults for the common directories. Every key of the configuration overrides its default. */
import type { RejectReason } from '../../../core/ports.ts';

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
  /** Whether a bind sends the control of password policies where the root DSE does not say whether it is supported. */
  readonly passwordPolicy: boolean;
  /** Result codes of a bind, in addition to invalidCredentials, that refuse the user. All others refuse nobody. */
  readonly bindRefusals: Readonly<Record<number, RejectReason>>;
  /** Whether names without a DN can bind: `alice@corp.example` and `CORP\\alice` ([MS-ADTS] 5.1.1.1.1). */
  readonly bindNames: boolean;
  /** Whether a search that finds nothing answers noSuchObject. */
  readonly noSuchObjectIsEmpty: boolean;
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
    /** The attributes of an RDN that name a group, where only the DN of the group is known. */
    readonly rdn: readonly string[];
  };
}

export const LDAP_PRESET_NAMES = [
  'active-directory',
  'samba',
  'openldap',
  'freeipa',
  '389ds',
  'lldap',
  'glauth',
  'authentik',
  'google-secure-ldap',
] as const;

export type LdapPresetName = (typeof LDAP_PRESET_NAMES)[number];

/** Also of Samba as a domain controller. */
const ACTIVE_DIRECTORY = {
  keepsAfterRefusal: true,
  passwordPolicy: false,
  bindRefusals: {},
  bindNames: true,
  noSuchObjectIsEmpty: false,
  users: {
    filter: '(&(objectCategory=person)(objectClass=user))',
    loginAttributes: ['sAMAccountName', 'userPrincipalName'],
    usernameAttribute: 'sAMAccountName',
    id: 'objectGUID',
    state: [
      'userAccountControl',
      'msDS-User-Account-Control-Computed',
      'msDS-ResultantPSO',
      'accountExpires',
      'pwdLastSet',
      'badPwdCount',
      'badPasswordTime',
    ],
  },
  groups: {
    from: 'memberOf',
    memberAttributes: ['member'],
    posix: false,
    flattened: false,
    primary: true,
    rdn: ['cn'],
  },
} as const satisfies LdapPreset;

/** The account is locked after wrong passwords; the entry has no password. */
const LOCKED_OR_WITHOUT_PASSWORD = { 19: 'locked', 48: 'wrong-password' } as const;

export const LDAP_PRESETS = {
  'active-directory': ACTIVE_DIRECTORY,
  samba: ACTIVE_DIRECTORY,
  openldap: {
    keepsAfterRefusal: true,
    passwordPolicy: true,
    bindRefusals: LOCKED_OR_WITHOUT_PASSWORD,
    bindNames: false,
    noSuchObjectIsEmpty: false,
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
      rdn: ['cn'],
    },
  },
  freeipa: {
    keepsAfterRefusal: false,
    passwordPolicy: true,
    bindRefusals: { ...LOCKED_OR_WITHOUT_PASSWORD, 53: 'disabled' },
    bindNames: false,
    noSuchObjectIsEmpty: false,
    users: {
      filter: '(objectClass=posixAccount)',
      loginAttributes: ['uid'],
      usernameAttribute: 'uid',
      id: 'ipaUniqueID',
      state: ['nsAccountLock', 'krbPrincipalExpiration', 'krbPasswordExpiration'],
    },
    groups: {
      from: 'memberOf',
      memberAttributes: ['member'],
      posix: false,
      flattened: true,
      primary: false,
      rdn: ['cn'],
    },
  },
  '389ds': {
    // After a refused bind it kept the rights of the previous user (389-ds-base issue 5221).
    keepsAfterRefusal: false,
    passwordPolicy: true,
    bindRefusals: { ...LOCKED_OR_WITHOUT_PASSWORD, 53: 'disabled' },
    bindNames: false,
    noSuchObjectIsEmpty: false,
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
      rdn: ['cn'],
    },
  },
  lldap: {
    keepsAfterRefusal: true,
    passwordPolicy: false,
    bindRefusals: {},
    bindNames: false,
    noSuchObjectIsEmpty: false,
    users: {
      filter: '(objectClass=person)',
      loginAttributes: ['uid'],
      usernameAttribute: 'uid',
      id: 'entryUUID',
      state: [],
    },
    groups: {
      from: 'memberOf',
      memberAttributes: ['member'],
      posix: false,
      flattened: true,
      primary: false,
      rdn: ['cn', 'uid'],
    },
  },
  glauth: {
    keepsAfterRefusal: true,
    passwordPolicy: false,
    bindRefusals: {},
    bindNames: false,
    noSuchObjectIsEmpty: false,
    users: {
      filter: '(objectClass=posixAccount)',
      loginAttributes: ['uid'],
      usernameAttribute: 'uid',
      id: 'uidNumber',
      state: ['accountStatus'],
    },
    groups: {
      from: 'memberOf',
      memberAttributes: ['uniqueMember'],
      posix: false,
      flattened: true,
      primary: false,
      // Version 2 names groups by ou, older ones by cn.
      rdn: ['ou', 'cn'],
    },
  },
  authentik: {
    keepsAfterRefusal: true,
    passwordPolicy: false,
    // The password is correct, and no policy lets the user use the application.
    bindRefusals: { 50: 'not-allowed' },
    bindNames: false,
    noSuchObjectIsEmpty: false,
    users: {
      filter: '(objectClass=user)',
      loginAttributes: ['cn'],
      usernameAttribute: 'cn',
      id: 'uid',
      state: ['ak-active'],
    },
    groups: {
      from: 'memberOf',
      memberAttributes: ['member'],
      posix: false,
      flattened: false,
      primary: false,
      rdn: ['cn'],
    },
  },
  'google-secure-ldap': {
    keepsAfterRefusal: true,
    passwordPolicy: false,
    // The user is in an organizational unit whose passwords this client may not verify. Result 48 is about the client
    // certificate, and 11 about the quota: neither is about the user.
    bindRefusals: { 50: 'not-allowed' },
    bindNames: false,
    noSuchObjectIsEmpty: true,
    users: {
      filter: '(objectClass=person)',
      loginAttributes: ['uid', 'mail'],
      usernameAttribute: 'uid',
      id: 'entryUUID',
      state: [],
    },
    groups: {
      from: 'memberOf',
      memberAttributes: ['member'],
      posix: false,
      flattened: false,
      primary: false,
      rdn: ['cn'],
    },
  },
} as const satisfies Record<LdapPresetName, LdapPreset>;
