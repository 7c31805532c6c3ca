/** What OpenLDAP answers to searches: dynamic groups, limits, aliases, and searches without a bind. */
import { describe, expect, it } from 'vitest';
import { createLdap, identityOf, logIn, plainGroups } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { BASE_DN, GROUPS_DN, PEOPLE, PEOPLE_DN, personLdif } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';

const absent = !canRunSlapd();
const { alice, bob, carol } = PEOPLE;
const ALIASES_DN = `ou=registry,${BASE_DN}`;

const dynamic = (name: string, url: string): string => `
dn: cn=${name},${GROUPS_DN}
objectClass: groupOfURLs
memberURL: ${url}
`;
const DYNAMIC_GROUPS = [
  dynamic('contractors', `ldap:///${PEOPLE_DN}??sub?(uid=alice)`),
  dynamic('everybody', `ldap:///${PEOPLE_DN}??sub?(objectClass=inetOrgPerson)`),
].join('');
const MANY_GROUPS = [...Array(12).keys()]
  .map((n) => `\ndn: cn=g${n},${GROUPS_DN}\nobjectClass: groupOfNames\nmember: ${alice.dn}\n`)
  .join('');

const DYNLIST = {
  modules: ['dynlist'],
  schemas: ['dyngroup'],
  databaseConfig: 'overlay dynlist\ndynlist-attrset groupOfURLs memberURL member',
} as const;

describe.skipIf(absent)('dynamic groups of OpenLDAP', () => {
  it.each<[string, LdapInput['groups']]>([
    ['searched by member', { base: GROUPS_DN }],
    ['searched by member, without groups of groups', { base: GROUPS_DN, nested: 'off' }],
    ['searched by member, level by level', { base: GROUPS_DN, nested: 'levels' }],
    ['searched with a filter', { base: GROUPS_DN, filter: '(cn=*)' }],
  ])('count like other groups: %s', async (_how, groups) => {
    await using slapd = await startSlapd({ ...DYNLIST, ldif: DYNAMIC_GROUPS });
    await using backend = await createLdap({ urls: [slapd.url], groups });

    expect(plainGroups(await identityOf(backend, alice))).toEqual(['contractors', 'everybody', 'team-web']);
    expect(plainGroups(await identityOf(backend, carol))).toEqual(['everybody']);
  });

  it('count also where the server gives the other groups in pages only', async () => {
    await using slapd = await startSlapd({
      ...DYNLIST,
      ldif: DYNAMIC_GROUPS + MANY_GROUPS,
      globalConfig: 'sizelimit size.soft=5 size.hard=5 size.prtotal=unlimited',
    });
    await using backend = await createLdap({ urls: [slapd.url] });
    const groups = plainGroups(await identityOf(backend, alice));

    expect(groups).toEqual(expect.arrayContaining(['contractors', 'everybody', 'team-web', 'g11']));
    expect(groups).toHaveLength(15);
  });
});

describe.skipIf(absent)('a limit of the server', () => {
  it('fails a search for groups that the server cuts off, and never drops some of them', async () => {
    await using slapd = await startSlapd({
      ldif: MANY_GROUPS,
      globalConfig: 'sizelimit size.soft=5 size.hard=5 size.prtotal=disabled',
    });
    await using backend = await createLdap({ urls: [slapd.url] });

    await expect(logIn(backend, 'alice', alice.password)).rejects.toMatchObject({ code: 'backend_unavailable' });
    // bob is in few groups.
    expect(plainGroups(await identityOf(backend, bob))).toEqual(['team-api']);
  });

  it('never makes one of several matching users the only one', async () => {
    const namesake = `
dn: cn=other,${PEOPLE_DN}
objectClass: inetOrgPerson
uid: alice
cn: other
sn: other
userPassword: ${alice.password}
`;
    await using slapd = await startSlapd({ ldif: namesake, globalConfig: 'sizelimit size.soft=1 size.hard=1' });
    await using backend = await createLdap({ urls: [slapd.url] });

    await expect(logIn(backend, 'alice', alice.password)).rejects.toMatchObject({ code: 'backend_unavailable' });
    expect((await logIn(backend, 'carol', carol.password)).kind).toBe('authenticated');
  });
});

describe.skipIf(absent)('aliases', () => {
  const LDIF = `
dn: ${ALIASES_DN}
objectClass: organizationalUnit

dn: uid=alice,${ALIASES_DN}
objectClass: alias
objectClass: extensibleObject
uid: alice
aliasedObjectName: ${alice.dn}

dn: ou=copy,${PEOPLE_DN}
objectClass: organizationalUnit

dn: uid=alice,ou=copy,${PEOPLE_DN}
objectClass: alias
objectClass: extensibleObject
uid: alice
aliasedObjectName: ${alice.dn}
`;

  it('stand for the entries that they name where followAliases is set, and for nothing otherwise', async () => {
    await using slapd = await startSlapd({ ldif: LDIF });
    const input = { urls: [slapd.url], users: { base: ALIASES_DN } };
    await using ignoring = await createLdap(input);
    await using following = await createLdap({ ...input, followAliases: true });

    expect(await logIn(ignoring, 'alice', alice.password)).toEqual({ kind: 'unknown-user' });
    expect(plainGroups(await identityOf(following, alice))).toEqual(['team-web']);
    expect(await logIn(following, 'alice', 'wrong')).toEqual({ kind: 'rejected', reason: 'wrong-password' });
    expect(await logIn(following, 'carol', carol.password)).toEqual({ kind: 'unknown-user' });
  });

  it('do not make a user ambiguous who is found both directly and by an alias', async () => {
    await using slapd = await startSlapd({ ldif: LDIF });
    await using backend = await createLdap({ urls: [slapd.url], followAliases: true });

    expect((await identityOf(backend, alice)).username).toBe('alice');
  });
});

describe.skipIf(absent)('a search without a bind', () => {
  it.each([
    ['require authc', ''],
    ['', 'access to * by anonymous auth by users read'],
  ])('says that bind must be configured where the server requires one (%s%s)', async (globalConfig) => {
    await using slapd = await startSlapd({ globalConfig });
    await using backend = await createLdap({ urls: [slapd.url], bind: undefined });
    const error: unknown = await logIn(backend, 'alice', alice.password).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'backend_unavailable' });
    expect(String((error as Error).cause)).toMatch(/configure bind|may not see it/);
  });
});

describe.skipIf(absent)('a base in the form of RFC 2253', () => {
  it('is sent as RFC 4514 requires', async () => {
    const unit = `ou=People\\2C all,${BASE_DN}`;
    const person = personLdif('quinn', 'quinn-binds-with-this').replace(PEOPLE_DN, unit);
    await using slapd = await startSlapd({ ldif: `\ndn: ${unit}\nobjectClass: organizationalUnit\n${person}` });
    await using backend = await createLdap({ urls: [slapd.url], users: { base: `ou="People, all",${BASE_DN}` } });

    expect((await logIn(backend, 'quinn', 'quinn-binds-with-this')).kind).toBe('authenticated');
  });
});
