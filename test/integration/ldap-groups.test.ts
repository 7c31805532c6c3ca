import { deadlineIn } from '../../src/core/deadline.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator } from '../../src/core/ports.ts';
import { realClock } from '../support/fakes.ts';
import { createLdap, identityOf, plainGroups } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { BASE_DN, FAY, FAY_LDIF, GROUPS_DN, PEOPLE, PEOPLE_DN, POSIX_GROUPS_DN } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';

const absent = !canRunSlapd();
const { alice, bob, carol } = PEOPLE;
const NESTED_DN = `ou=nested,${BASE_DN}`;
const ENTRIES = `${FAY_LDIF}
dn: cn=inner,${GROUPS_DN}
objectClass: groupOfNames
member: ${bob.dn}

dn: cn=middle,${GROUPS_DN}
objectClass: groupOfNames
member: cn=inner,${GROUPS_DN}
member: cn=outer,${GROUPS_DN}

dn: cn=outer,${GROUPS_DN}
objectClass: groupOfNames
member: cn=middle,${GROUPS_DN}

dn: cn=unique,${GROUPS_DN}
objectClass: groupOfUniqueNames
uniqueMember: ${bob.dn}

dn: ou=elsewhere,${BASE_DN}
objectClass: organizationalUnit

dn: cn=team-web,ou=elsewhere,${BASE_DN}
objectClass: groupOfNames
member: ${carol.dn}

dn: ${NESTED_DN}
objectClass: organizationalUnit

dn: cn=child,${NESTED_DN}
objectClass: groupOfNames
member: ${bob.dn}

dn: cn=parent,${NESTED_DN}
objectClass: groupOfNames
member: cn=nobody
member: cn=child,${NESTED_DN}
`;

describe.skipIf(absent)('groups of a user in OpenLDAP', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ ldif: ENTRIES });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  const open = (input: LdapInput = {}): Promise<Authenticator> => createLdap({ urls: [slapd.url], ...input });

  it.each<[string, LdapInput['groups'], readonly string[]]>([
    ['member', { base: GROUPS_DN, from: 'member' }, ['team-web']],
    ['memberOf', { base: GROUPS_DN, from: 'memberOf' }, ['team-web']],
    ['posixGroup, by uid and by primary gid', { base: POSIX_GROUPS_DN, from: 'posixGroup' }, ['builders', 'deploy']],
    ['auto, which searches both kinds', { base: BASE_DN }, ['builders', 'deploy', 'team-web']],
    ['a filter', { base: BASE_DN, filter: '(cn=d*)' }, ['deploy']],
  ])('finds the groups of a user by %s', async (_way, groups, expected) => {
    await using backend = await open({ groups });

    expect(plainGroups(await identityOf(backend, alice))).toEqual(expected);
  });

  it('gives a user no groups without a groups section, or when no group lists the user', async () => {
    await using without = await open({ groups: undefined });
    await using within = await open();

    expect((await identityOf(without, alice)).groups.size).toBe(0);
    expect((await identityOf(within, carol)).groups.size).toBe(0);
  });

  it.each<[string, LdapInput['groups'], readonly string[]]>([
    ['member', { base: GROUPS_DN, from: 'member' }, ['inner', 'middle', 'outer', 'team-api', 'unique']],
    ['memberOf', { base: GROUPS_DN, from: 'memberOf' }, ['inner', 'middle', 'outer', 'team-api']],
    ['member, nested: off', { base: GROUPS_DN, from: 'member', nested: 'off' }, ['inner', 'team-api', 'unique']],
    ['memberOf, nested: off', { base: GROUPS_DN, from: 'memberOf', nested: 'off' }, ['inner', 'team-api']],
  ])('finds groups of groups, also in a cycle, with %s', async (_way, groups, expected) => {
    await using backend = await open({ groups });

    expect(plainGroups(await identityOf(backend, bob))).toEqual(expected);
  });

  it('acceptance 16: notices at once that a user left a group, and within 30 s that a group left another', async () => {
    let elapsed = 0;
    const clock = { now: () => realClock.now(), monotonic: () => realClock.monotonic() + elapsed };
    await using backend = await createLdap({ urls: [slapd.url], groups: { base: NESTED_DN } }, { clock });
    const groupsOfBob = async (): Promise<readonly string[]> => {
      const identity = await backend.lookup?.('bob', deadlineIn(clock, 8000));
      return identity === undefined ? ['nobody'] : plainGroups(identity);
    };
    const empty = (name: string): string =>
      `dn: cn=${name},${NESTED_DN}\nchangetype: modify\nreplace: member\nmember: cn=nobody\n`;

    const before = await groupsOfBob();
    await slapd.change(empty('parent'));
    const soon = await groupsOfBob();
    elapsed = 30_001;
    const later = await groupsOfBob();
    await slapd.change(empty('child'));
    const last = await groupsOfBob();

    expect({ before, soon, later, last }).toEqual({
      before: ['child', 'parent'],
      soon: ['child', 'parent'],
      later: ['child'],
      last: [],
    });
  });

  it('ignores a group outside the base, whatever its name', async () => {
    await using strict = await open({ groups: { base: GROUPS_DN, from: 'memberOf' } });
    await using wide = await open({ groups: { base: BASE_DN, from: 'memberOf' } });

    expect((await identityOf(strict, carol)).groups.size).toBe(0);
    expect(plainGroups(await identityOf(wide, carol))).toEqual(['team-web']);
  });

  it('names groups by their DN only with name: dn', async () => {
    await using backend = await open({ groups: { base: GROUPS_DN, name: 'dn' } });

    expect([...(await identityOf(backend, alice)).groups]).toEqual([`cn=team-web,${GROUPS_DN}`]);
  });

  it('never takes the plain name of a group for the DN of another group', async () => {
    await using backend = await open({ users: { base: PEOPLE_DN, usernameAttribute: 'cn' } });

    const { groups } = await identityOf(backend, FAY);

    expect([...groups]).toEqual([`cn=odd,${GROUPS_DN}`, 'odd']);
  });
});
