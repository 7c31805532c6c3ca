import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator } from '../../src/core/ports.ts';
import { authenticatorContract } from '../contract/authenticator.ts';
import { recordingLog } from '../support/fakes.ts';
import { createLdap, identityOf, logIn, plainGroups } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { findPart } from '../support/parts.ts';
import { BASE_DN, GROUPS_DN, PEOPLE, PEOPLE_DN, POSIX_GROUPS_DN } from '../support/slapd-entries.ts';
import { LDAPADD, SLAPD, startSlapd } from '../support/slapd.ts';
import type { Slapd, SlapdOperations } from '../support/slapd.ts';

const absent = findPart(SLAPD) === undefined || findPart(LDAPADD) === undefined;
const TEMPLATE = `uid={login},${PEOPLE_DN}`;
const { alice, bob, carol } = PEOPLE;
const FAY = { username: 'fay', password: 'fay-binds-with-this-8' };
const MORE_ENTRIES = `
dn: uid=dave,${PEOPLE_DN}
objectClass: inetOrgPerson
uid: dave
cn: Dave
sn: Dave
mail: shared@example.org
userPassword: dave-binds-with-this-6

dn: uid=erin,${PEOPLE_DN}
objectClass: inetOrgPerson
uid: erin
cn: Doe\\, Erin (ext)
sn: Doe
mail: shared@example.org
userPassword: erin-binds-with-this-7

dn: cn=Fay \\2B Co\\, (ext),${PEOPLE_DN}
objectClass: inetOrgPerson
uid: Fay
uid: fay-too
cn: Fay + Co, (ext)
sn: Fay
userPassword: ${FAY.password}

dn: uid=josé,${PEOPLE_DN}
objectClass: inetOrgPerson
uid: josé
cn: José
sn: José
userPassword: jose-binds-with-this-9

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

dn: cn=odd,${GROUPS_DN}
objectClass: groupOfNames
cn: odd
cn: cn=team-web,${GROUPS_DN}
member: cn=Fay \\2B Co\\, (ext),${PEOPLE_DN}

dn: ou=elsewhere,${BASE_DN}
objectClass: organizationalUnit

dn: cn=team-web,ou=elsewhere,${BASE_DN}
objectClass: groupOfNames
member: ${carol.dn}
`;

describe.skipIf(absent)('the ldap backend on OpenLDAP', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ tls: true, ldif: MORE_ENTRIES });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  const ways: readonly (readonly [string, () => LdapInput])[] = [
    ['search and bind in clear', () => ({ urls: [slapd.url] })],
    ['search and bind over ldaps', () => ({ urls: [slapd.ldapsUrl ?? ''], tls: { caFile: slapd.caFile ?? '' } })],
    [
      'search and bind after StartTLS',
      () => ({ urls: [slapd.url], tls: { mode: 'starttls', caFile: slapd.caFile ?? '' } }),
    ],
    ['a template, reading as the service account', () => ({ urls: [slapd.url], users: { template: TEMPLATE } })],
    ['a template, reading as the user', () => ({ urls: [slapd.url], users: { template: TEMPLATE }, bind: undefined })],
  ];

  for (const [name, input] of ways) {
    authenticatorContract(`ldap, ${name}`, async () => ({
      create: ({ clock, log }) => createLdap(input(), { clock, log }),
      known: { ...alice, groups: ['team-web', `cn=team-web,${GROUPS_DN}`] },
      other: bob,
      unknown: name.startsWith('a template') ? 'rejected' : 'unknown-user',
    }));
  }

  async function opened(input: LdapInput = {}): Promise<Authenticator> {
    return createLdap({ urls: [slapd.url], ...input });
  }

  /** What the server saw while something was done. */
  async function seenDuring(work: () => Promise<unknown>): Promise<SlapdOperations> {
    const before = await slapd.settled();
    await work();
    const after = await slapd.settled();
    return {
      binds: after.binds.slice(before.binds.length),
      searches: after.searches.slice(before.searches.length),
      connections: after.connections - before.connections,
    };
  }

  describe('groups', () => {
    it.each<[string, LdapInput['groups'], readonly string[]]>([
      ['member', { base: GROUPS_DN, from: 'member' }, ['team-web']],
      ['memberOf', { base: GROUPS_DN, from: 'memberOf' }, ['team-web']],
      ['posixGroup, by uid and by primary gid', { base: POSIX_GROUPS_DN, from: 'posixGroup' }, ['builders', 'deploy']],
      ['auto, all at once', { base: BASE_DN }, ['builders', 'deploy', 'team-web']],
      ['a filter', { base: BASE_DN, filter: '(cn=d*)' }, ['deploy']],
    ])('come from %s', async (_way, groups, expected) => {
      await using backend = await opened({ groups });

      expect(plainGroups(await identityOf(backend, alice))).toEqual(expected);
    });

    it('are none without a groups section, and none for who is in none', async () => {
      await using without = await opened({ groups: undefined });
      await using within = await opened();

      expect((await identityOf(without, alice)).groups.size).toBe(0);
      expect((await identityOf(within, carol)).groups.size).toBe(0);
    });

    it.each<[string, LdapInput['groups'], readonly string[]]>([
      ['member', { base: GROUPS_DN, from: 'member' }, ['inner', 'middle', 'outer', 'team-api', 'unique']],
      ['memberOf', { base: GROUPS_DN, from: 'memberOf' }, ['inner', 'middle', 'outer', 'team-api']],
      ['member, nested: off', { base: GROUPS_DN, from: 'member', nested: 'off' }, ['inner', 'team-api', 'unique']],
      ['memberOf, nested: off', { base: GROUPS_DN, from: 'memberOf', nested: 'off' }, ['inner', 'team-api']],
    ])('of groups count, in a circle too, with %s', async (_way, groups, expected) => {
      await using backend = await opened({ groups });

      expect(plainGroups(await identityOf(backend, bob))).toEqual(expected);
    });

    it('outside the base do not count, whatever their name', async () => {
      await using strict = await opened({ groups: { base: GROUPS_DN, from: 'memberOf' } });
      await using wide = await opened({ groups: { base: BASE_DN, from: 'memberOf' } });

      expect((await identityOf(strict, carol)).groups.size).toBe(0);
      expect(plainGroups(await identityOf(wide, carol))).toEqual(['team-web']);
    });

    it('go by their DN alone where the name is dn', async () => {
      await using backend = await opened({ groups: { base: GROUPS_DN, name: 'dn' } });

      expect([...(await identityOf(backend, alice)).groups]).toEqual([`cn=team-web,${GROUPS_DN}`]);
    });

    it('never pass for another group by a name that reads as its DN', async () => {
      await using backend = await opened({ users: { base: PEOPLE_DN, usernameAttribute: 'cn' } });

      const { groups } = await identityOf(backend, FAY);

      expect([...groups]).toEqual([`cn=odd,${GROUPS_DN}`, 'odd']);
    });
  });

  describe('names', () => {
    it('are the entry’s, in lower case, whatever is typed', async () => {
      await using backend = await opened({ users: { base: PEOPLE_DN, loginAttributes: ['uid', 'mail'] } });

      const typed = ['ALICE', ' alice', 'alice@Example.ORG'];
      const names = await Promise.all(
        typed.map(async (username) => (await identityOf(backend, { ...alice, username })).username),
      );

      expect(names).toEqual(['alice', 'alice', 'alice']);
    });

    it('are found composed and decomposed', async () => {
      await using backend = await opened();

      const { username } = await identityOf(backend, { username: 'jose\u0301', password: 'jose-binds-with-this-9' });

      expect(username).toBe('josé');
    });

    it('work in entries whose DN needs escapes', async () => {
      await using backend = await opened({
        users: { base: PEOPLE_DN, usernameAttribute: 'cn' },
        groups: { base: GROUPS_DN },
      });

      const identity = await identityOf(backend, FAY);

      expect(identity.username).toBe('fay + co, (ext)');
      expect(plainGroups(identity)).toEqual(['odd']);
    });

    it('that mean two entries let nobody in, and the log says so', async () => {
      const log = recordingLog();
      await using backend = await createLdap(
        { urls: [slapd.url], users: { base: PEOPLE_DN, loginAttributes: ['mail'] } },
        { log },
      );

      const seen = await seenDuring(async () => {
        expect(await logIn(backend, 'shared@example.org', 'dave-binds-with-this-6')).toEqual({
          kind: 'rejected',
          reason: 'ambiguous',
        });
      });

      expect(seen.binds).not.toContain(`uid=dave,${PEOPLE_DN}`);
      expect(log.lines).toContainEqual(
        expect.objectContaining({ level: 'warn', message: expect.stringContaining('several') }),
      );
    });

    it('that an entry has two of let nobody in, and the log says so', async () => {
      const log = recordingLog();
      await using backend = await createLdap({ urls: [slapd.url] }, { log });

      const outcome = await logIn(backend, FAY.username, FAY.password);

      expect(outcome).toEqual({ kind: 'rejected', reason: 'ambiguous' });
      expect(log.lines).toContainEqual(
        expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ attribute: 'uid' }) }),
      );
    });

    it('come with the attributes a policy may use', async () => {
      await using backend = await opened({ attributes: ['departmentNumber', 'mail', 'manager'] });

      expect([...(await identityOf(backend, alice)).attributes]).toEqual([
        ['attr:departmentNumber', ['web']],
        ['attr:mail', ['alice@example.org']],
      ]);
    });

    it('are looked for by a filter of the operator’s own', async () => {
      await using backend = await opened({
        users: { base: PEOPLE_DN, filter: `(&(mail={login}@example.org)(memberOf=cn=team-web,${GROUPS_DN}))` },
      });

      expect((await identityOf(backend, alice)).username).toBe('alice');
      expect(await logIn(backend, bob.username, bob.password)).toEqual({ kind: 'unknown-user' });
    });

    it('outside a filter are unknown, with a template too', async () => {
      await using backend = await opened({
        users: { template: TEMPLATE, filter: `(memberOf=cn=team-web,${GROUPS_DN})` },
      });

      expect((await identityOf(backend, alice)).username).toBe('alice');
      expect(await logIn(backend, bob.username, bob.password)).toEqual({ kind: 'unknown-user' });
    });
  });

  describe('what the directory sees', () => {
    it.each(['', '\0', '\0\0'])('is nothing for the empty password %j', async (password) => {
      await using backend = await opened();
      await using template = await opened({ users: { template: TEMPLATE } });

      const seen = await seenDuring(async () => {
        for (const subject of [backend, template]) {
          expect(await logIn(subject, 'alice', password)).toEqual({ kind: 'rejected', reason: 'empty-password' });
        }
      });

      expect(seen).toEqual({ binds: [], searches: [], connections: 0 });
    });

    it.each(['al\0ice', 'alice\n', 'a'.repeat(257), '', '   ', '\uD800'])(
      'is nothing for the name %j, which is nobody’s here and may be somebody’s elsewhere',
      async (username) => {
        await using backend = await opened();

        const seen = await seenDuring(async () => {
          expect(await logIn(backend, username, alice.password)).toEqual({ kind: 'unknown-user' });
        });

        expect(seen).toEqual({ binds: [], searches: [], connections: 0 });
      },
    );

    it('is one bind of the user for a login, right or wrong', async () => {
      await using backend = await opened();

      const right = await seenDuring(() => logIn(backend, 'alice', alice.password));
      const wrong = await seenDuring(() => logIn(backend, 'alice', 'wrong'));

      expect(right.binds).toEqual([slapd.bindDn, alice.dn]);
      // The service account is bound already.
      expect(wrong.binds).toEqual([alice.dn]);
      expect([right.connections, wrong.connections]).toEqual([2, 0]);
    });

    it.each(['*', 'a*', ')(uid=*', 'alice)(|(uid=*', 'alice)(objectClass=*', '\\61lice', '|', '(', '\\'])(
      'is a search for the very name %j, which nobody has',
      async (username) => {
        await using backend = await opened();

        const seen = await seenDuring(async () => {
          expect(await logIn(backend, username, alice.password)).toEqual({ kind: 'unknown-user' });
        });

        expect(seen.binds).toEqual([slapd.bindDn]);
        expect(seen.searches).toHaveLength(1);
      },
    );

    it.each([`alice,${PEOPLE_DN}`, 'alice+cn=x', '*', '"', 'EXTERNAL', 'PLAIN'])(
      'is a bind as nobody for the name %j in a template',
      async (username) => {
        await using backend = await opened({ users: { template: TEMPLATE }, bind: undefined });

        const seen = await seenDuring(async () => {
          expect((await logIn(backend, username, alice.password)).kind).toMatch(/rejected|unknown-user/);
        });

        expect(seen.binds).not.toContain(alice.dn);
        expect(seen.binds).toHaveLength(1);
      },
    );

    it('is no user’s bind when a user is looked up', async () => {
      await using backend = await opened();

      const seen = await seenDuring(() => backend.lookup?.('alice', performance.now() + 8000) ?? Promise.resolve());

      expect(seen.binds).toEqual([slapd.bindDn]);
    });
  });

  it('offers no look-up where nobody but users can read', async () => {
    await using backend = await opened({ users: { template: TEMPLATE }, bind: undefined });

    expect('lookup' in backend).toBe(false);
  });

  it('warns of passwords in clear, except on loopback', async () => {
    const [far, near] = [recordingLog(), recordingLog()];
    await using remote = await createLdap({ urls: ['ldap://ldap.example.org'], tls: { mode: 'none' } }, { log: far });
    await using local = await createLdap({ urls: ['ldap://localhost'] }, { log: near });

    expect([remote.name, local.name]).toEqual(['corp', 'corp']);
    expect(far.lines.map(({ message }) => message)).toEqual([expect.stringContaining('in clear')]);
    expect(near.lines).toEqual([]);
  });
});
