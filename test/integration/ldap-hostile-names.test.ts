import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { escapeDnValue } from '../../src/backends/ldap/config/dn-template.ts';
import { createLdap, identityOf, logIn } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { PEOPLE, PEOPLE_DN } from '../support/slapd-entries.ts';
import { canRunSlapd, seenBy, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';

const absent = !canRunSlapd();
const TEMPLATE = `uid={login},${PEOPLE_DN}`;
const { alice } = PEOPLE;

/** Users whose names have special characters of filters and DNs. */
const NAMES = [
  'Doe, John (ext)+x',
  '*',
  'a*',
  ')(objectClass=*',
  'x)(|(uid=*',
  'back\\slash',
  '\\2a',
  '"quoted"',
  '<a>;b=c',
  '#octothorpe',
  'uid=alice',
  'josé',
  'ﬀ-ligature',
  'x'.repeat(128),
];
const passwordOf = (index: number): string => `binds-as-number-${index}-with-this`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const ENTRIES = NAMES.map(
  (name, index) => `
dn:: ${base64(`uid=${escapeDnValue(name)},${PEOPLE_DN}`)}
objectClass: inetOrgPerson
uid:: ${base64(name)}
cn: number ${index}
sn: n
userPassword: ${passwordOf(index)}
`,
).join('');

describe.skipIf(absent)('acceptance 5: user names with special characters of filters and DNs, in OpenLDAP', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ ldif: ENTRIES });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  const variants: readonly (readonly [string, LdapInput])[] = [
    ['a search', {}],
    ['a filter in the configuration', { users: { base: PEOPLE_DN, filter: '(&(objectClass=person)(uid={login}))' } }],
    ['a template, reading as the service account', { users: { template: TEMPLATE } }],
    ['a template, reading as the user', { users: { template: TEMPLATE }, bind: undefined }],
  ];

  it.each(variants)('identifies the one user with each name, with %s', async (_variant, input) => {
    await using backend = await createLdap({ urls: [slapd.url], ...input });

    const usernames = [];
    for (const [index, username] of NAMES.entries()) {
      usernames.push((await identityOf(backend, { username, password: passwordOf(index) })).username);
    }

    expect(usernames).toEqual(NAMES.map((name) => name.toLowerCase()));
  });

  it.each(variants)('rejects each name with the password of another user, with %s', async (_variant, input) => {
    await using backend = await createLdap({ urls: [slapd.url], ...input });

    for (const [index, username] of NAMES.entries()) {
      for (const password of [alice.password, passwordOf((index + 1) % NAMES.length)]) {
        expect(await logIn(backend, username, password)).toEqual({ kind: 'rejected', reason: 'wrong-password' });
      }
    }
  });

  it('treats the composed and the decomposed form of a name as equal', async () => {
    await using backend = await createLdap({ urls: [slapd.url] });

    const { username } = await identityOf(backend, {
      username: 'josé'.normalize('NFD'),
      password: passwordOf(NAMES.indexOf('josé')),
    });

    expect(username).toBe('josé');
  });

  it.each(['al\0ice', 'alice\0', 'alice\n', 'a'.repeat(257), '', '   ', '\uD800'])(
    'sends no request for a name that no entry can have: %j',
    async (username) => {
      await using searching = await createLdap({ urls: [slapd.url] });
      await using binding = await createLdap({ urls: [slapd.url], users: { template: TEMPLATE }, bind: undefined });

      const seen = await seenBy(slapd, async () => {
        for (const backend of [searching, binding]) {
          expect(await logIn(backend, username, alice.password)).toEqual({ kind: 'unknown-user' });
        }
      });

      expect(seen).toEqual({ binds: [], searches: [], connections: 0 });
    },
  );

  it.each([
    'x'.repeat(256),
    'b*',
    'alice*',
    '*)(uid=alice',
    'alice)(|(uid=*',
    'alice)(objectClass=*',
    '\\61lice',
    '|',
    '(',
    '\\',
  ])('searches a name as one value, and finds no user: %j', async (username) => {
    await using backend = await createLdap({ urls: [slapd.url] });

    const seen = await seenBy(slapd, async () => {
      expect(await logIn(backend, username, alice.password)).toEqual({ kind: 'unknown-user' });
    });

    expect(seen.binds).toEqual([slapd.bindDn]);
    // The other search reads which controls the server supports.
    expect(seen.searches.filter((filter) => filter !== '(objectClass=*)')).toHaveLength(1);
  });

  it.each(['x'.repeat(256), `alice,${PEOPLE_DN}`, 'alice+cn=x', 'alice*', '"', 'EXTERNAL', 'PLAIN'])(
    'fills a name into a template as one value, and accepts no password: %j',
    async (username) => {
      await using backend = await createLdap({ urls: [slapd.url], users: { template: TEMPLATE }, bind: undefined });

      const seen = await seenBy(slapd, async () => {
        expect((await logIn(backend, username, alice.password)).kind).toMatch(/^(?:rejected|unknown-user)$/);
      });

      expect(seen.binds).not.toContain(alice.dn);
      expect(seen.binds).toHaveLength(1);
    },
  );
});
