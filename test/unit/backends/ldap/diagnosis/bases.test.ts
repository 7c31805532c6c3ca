/** Where users and groups are proposed to be, from the entries that a directory has. */
import { describe, expect, it } from 'vitest';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { proposeBases } from '../../../../../src/backends/ldap/diagnosis/bases.ts';
import { entryOf } from '../../../../support/ldap-entry.ts';
import type { Reader } from '../../../../../src/backends/ldap/wire/search.ts';
import { realClock } from '../../../../support/fakes.ts';

const SUFFIX = 'dc=example,dc=test';

/** A directory with entries of these DNs; a search below the suffix finds the groups. */
function directory(dns: readonly string[], groups: readonly string[] = []): Reader {
  const entry = (dn: string) => entryOf({ dn });
  return {
    search: async ({ base, scope }) => {
      const found = scope === 'base' ? dns.filter((dn) => dn.toLowerCase() === base.toLowerCase()) : groups;
      return { code: 0, diagnostic: '', entries: found.map(entry) };
    },
  };
}

describe('the proposed branches', () => {
  it.each([
    ['the usual ones of OpenLDAP', ['ou=People', 'ou=Groups'], ['ou=People', 'ou=Groups']],
    [
      'those of FreeIPA, before others',
      ['ou=people', 'cn=users,cn=accounts', 'cn=groups,cn=accounts'],
      ['cn=users,cn=accounts', 'cn=groups,cn=accounts'],
    ],
    ['other usual names', ['ou=users', 'ou=group'], ['ou=users', 'ou=group']],
  ])('are %s, in the letter case of the directory', async (_what, branches, [users, groups]) => {
    const connection = directory(branches.map((branch) => `${branch},${SUFFIX}`));

    const bases = await propose(connection, 'openldap');

    expect(bases).toEqual({ users: `${users},${SUFFIX}`, groups: `${groups},${SUFFIX}` });
  });

  it('are the whole directory where it has no usual branch', async () => {
    expect(await propose(directory([SUFFIX]), 'openldap')).toEqual({ users: SUFFIX, groups: SUFFIX });
  });

  it('of Active Directory are the domain for users, and the folder of most groups that are not built in', async () => {
    const connection = directory(
      [SUFFIX],
      [
        ...['Administrators', 'Guests', 'Users'].map((name) => `CN=${name},CN=Builtin,${SUFFIX}`),
        ...['Domain Users', 'Domain Admins', 'DnsAdmins'].map((name) => `CN=${name},CN=Users,${SUFFIX}`),
        `CN=other,OU=Old,${SUFFIX}`,
        `CN=team\\, web,OU=Teams,OU=Corp,${SUFFIX}`,
        `CN=team-api,OU=Teams,OU=Corp,${SUFFIX}`,
      ],
    );

    expect(await propose(connection, 'active-directory')).toEqual({
      users: SUFFIX,
      groups: `OU=Teams,OU=Corp,${SUFFIX}`,
    });
  });

  it('of a new domain are the whole domain', async () => {
    const connection = directory([SUFFIX], [`CN=Domain Users,CN=Users,${SUFFIX}`]);

    expect(await propose(connection, 'samba')).toEqual({ users: SUFFIX, groups: SUFFIX });
  });
});

function propose(connection: Reader, preset: 'openldap' | 'active-directory' | 'samba') {
  return proposeBases(connection, { preset, suffix: SUFFIX }, deadlineIn(realClock, 8000));
}
