/** The users and groups of the test directory. */

export interface DirectoryPerson {
  readonly username: string;
  readonly password: string;
  readonly dn: string;
  /** The plain names of the groupOfNames groups that list this person. */
  readonly groups: readonly string[];
}

export const BASE_DN = 'dc=example,dc=org';
export const PEOPLE_DN = `ou=people,${BASE_DN}`;
export const GROUPS_DN = `ou=groups,${BASE_DN}`;
/** posixGroups have their own branch, because a groupOfNames may have the same name. */
export const POSIX_GROUPS_DN = `ou=posix,${BASE_DN}`;

export const SERVICE = { dn: `cn=fairlead,ou=services,${BASE_DN}`, password: 'reads-the-directory-4' } as const;

export const PEOPLE = {
  alice: person('alice', 'alice-binds-with-this-1', ['team-web']),
  bob: person('bob', 'bob-binds-with-this-2', ['team-api']),
  carol: person('carol', 'carol-binds-with-this-3', []),
} as const;

/** An entry whose DN needs escapes, with two values of uid. */
export const FAY = { username: 'fay', password: 'fay-binds-with-this-8' } as const;
const FAY_DN = `cn=Fay \\2B Co\\, (ext),${PEOPLE_DN}`;

/** fay, and a group of hers with the DN of another group as a name. */
export const FAY_LDIF = `
dn: ${FAY_DN}
objectClass: inetOrgPerson
uid: Fay
uid: fay-too
cn: Fay + Co, (ext)
sn: Fay
userPassword: ${FAY.password}

dn: cn=odd,${GROUPS_DN}
objectClass: groupOfNames
cn: odd
cn: cn=team-web,${GROUPS_DN}
member: ${FAY_DN}
`;

export function personDn(uid: string): string {
  return `uid=${uid},${PEOPLE_DN}`;
}

/** @param lines further lines of the entry, without a line break at the end */
export function personLdif(uid: string, password: string, lines?: string): string {
  return `
dn: ${personDn(uid)}
objectClass: inetOrgPerson
uid: ${uid}
cn: ${uid}
sn: ${uid}
userPassword: ${password}
${lines === undefined ? '' : `${lines}\n`}`;
}

/** alice is also in the posixGroup `deploy` (memberUid) and has `builders` (gidNumber 5001) as her primary group. */
export function directoryLdif(): string {
  const people = Object.values(PEOPLE).map(({ username, password, dn }, index) =>
    entry(dn, [
      'objectClass: inetOrgPerson',
      'objectClass: posixAccount',
      `uid: ${username}`,
      `cn: ${username} example`,
      `sn: example`,
      `mail: ${username}@example.org`,
      `departmentNumber: ${username === 'alice' ? 'web' : 'platform'}`,
      `uidNumber: ${1001 + index}`,
      `gidNumber: ${username === 'alice' ? 5001 : 5000}`,
      `homeDirectory: /home/${username}`,
      `userPassword: ${password}`,
    ]),
  );
  return [
    entry(BASE_DN, ['objectClass: dcObject', 'objectClass: organization', 'o: Example', 'dc: example']),
    ...[PEOPLE_DN, GROUPS_DN, POSIX_GROUPS_DN, `ou=services,${BASE_DN}`].map((dn) =>
      entry(dn, ['objectClass: organizationalUnit']),
    ),
    entry(SERVICE.dn, [
      'objectClass: organizationalRole',
      'objectClass: simpleSecurityObject',
      `userPassword: ${SERVICE.password}`,
    ]),
    ...people,
    ...['team-web', 'team-api'].map((name) =>
      entry(`cn=${name},${GROUPS_DN}`, [
        'objectClass: groupOfNames',
        ...Object.values(PEOPLE)
          .filter(({ groups }) => groups.includes(name))
          .map(({ dn }) => `member: ${dn}`),
      ]),
    ),
    entry(`cn=deploy,${POSIX_GROUPS_DN}`, ['objectClass: posixGroup', 'gidNumber: 5002', 'memberUid: alice']),
    entry(`cn=builders,${POSIX_GROUPS_DN}`, ['objectClass: posixGroup', 'gidNumber: 5001']),
    entry(`cn=users,${POSIX_GROUPS_DN}`, ['objectClass: posixGroup', 'gidNumber: 5000']),
  ].join('\n');
}

function person(username: string, password: string, groups: readonly string[]): DirectoryPerson {
  return { username, password, dn: personDn(username), groups };
}

function entry(dn: string, lines: readonly string[]): string {
  return `dn: ${dn}\n${lines.join('\n')}\n`;
}
