import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLdap } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { shielded } from '../support/shielded.ts';
import { PEOPLE, PEOPLE_DN } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';

const absent = !canRunSlapd();
const { alice } = PEOPLE;
describe.skipIf(absent)('wrong passwords for one user of an LDAP directory', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd();
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  async function bindsOfAlice(work: () => Promise<unknown>): Promise<number> {
    // The log has the DNs as they were sent.
    const isAlice = (dn: string): boolean => /^uid=(?:\\+20)?alice,/i.test(dn);
    const count = async (): Promise<number> => (await slapd.settled()).binds.filter(isAlice).length;
    const before = await count();
    await work();
    return (await count()) - before;
  }

  it.each<[string, LdapInput, readonly string[]]>([
    [
      'a search by uid and mail',
      { users: { base: PEOPLE_DN, loginAttributes: ['uid', 'mail'] } },
      ['alice', 'ALICE', 'alice@example.org', 'Alice@Example.ORG', ' alice', 'aLICE'],
    ],
    ['a template', { users: { template: `uid={login},${PEOPLE_DN}` } }, ['alice', 'ALICE', 'Alice', ' alice', 'aLICE']],
    [
      'a template and compatibility forms',
      { users: { template: `uid={login},${PEOPLE_DN}` } },
      ['alice', 'ALICE', 'Alice', '\uFF41lice', '\u24D0lice', '\u{1D41A}lice', 'alice\u00A0'],
    ],
  ])('counts wrong passwords for all spellings of a login together, with %s', async (_way, input, spellings) => {
    await using backend = await createLdap({ urls: [slapd.url], ...input });
    const logIn = shielded(backend);

    const outcomes: string[] = [];
    const binds = await bindsOfAlice(async () => {
      for (const [index, typed] of spellings.entries()) outcomes.push(await logIn(typed, `guess-${index}`));
    });

    // All come from one site, which leaves an attempt to others, so the limit of the name follows.
    expect(binds).toBe(2);
    expect(outcomes.slice(0, 2)).toEqual(Array(2).fill('wrong-password'));
    expect(outcomes.slice(2)).toEqual(
      outcomes.slice(2).map((_, n) => `too-many-attempts (${n < 2 ? 'account' : 'name'})`),
    );
  });

  it('counts the same wrong password once for several spellings of a login', async () => {
    await using backend = await createLdap({
      urls: [slapd.url],
      users: { base: PEOPLE_DN, loginAttributes: ['uid', 'mail'] },
    });
    const logIn = shielded(backend);

    const binds = await bindsOfAlice(async () => {
      for (const typed of ['alice', 'ALICE', 'alice@example.org', 'alice']) {
        expect(await logIn(typed, 'the-old-password')).toBe('wrong-password');
      }
    });

    expect(binds).toBe(1);
    expect(await logIn('alice', alice.password)).toBe('authenticated');
  });

  it('counts wrong passwords for the id of the entry, also after a change of its name', async () => {
    const before = `uid=gina,${PEOPLE_DN}`;
    await slapd.change(`dn: ${before}
changetype: add
objectClass: inetOrgPerson
uid: gina
cn: Gina
sn: Gina
mail: gina@example.org
userPassword: gina-binds-with-this-5
`);
    await using backend = await createLdap({
      urls: [slapd.url],
      users: { base: PEOPLE_DN, loginAttributes: ['uid', 'mail'] },
    });
    const logIn = shielded(backend);
    for (const guess of ['one', 'two', 'three']) await logIn('gina', guess);

    await slapd.change(`dn: ${before}\nchangetype: modrdn\nnewrdn: uid=gina-married\ndeleteoldrdn: 1\n`);
    const outcomes = [await logIn('gina-married', 'four'), await logIn('gina@example.org', 'five')];

    expect(outcomes).toEqual(['too-many-attempts (account)', 'too-many-attempts (account)']);
  });
});
