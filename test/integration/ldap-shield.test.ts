import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/identity.ts';
import type { Authenticator } from '../../src/core/ports.ts';
import { createShield } from '../../src/flows/shield/shield.ts';
import type { ShieldedAnswer } from '../../src/flows/shield/shield.ts';
import { createFingerprint } from '../../src/platform/fingerprint.ts';
import { memoryCounters, memoryStore } from '../../src/platform/store/memory.ts';
import { realClock as clock } from '../support/fakes.ts';
import { createLdap } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { findPart } from '../support/parts.ts';
import { PEOPLE, PEOPLE_DN } from '../support/slapd-entries.ts';
import { LDAPADD, SLAPD, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';

const absent = findPart(SLAPD) === undefined || findPart(LDAPADD) === undefined;
const { alice } = PEOPLE;
const SETTINGS: Parameters<typeof createShield>[0]['settings'] = {
  remember: 60,
  staleIfError: 0,
  rememberWrong: 300,
  rememberRefused: 30,
  maxWrongPerAccount: 3,
  window: 300,
  maxWrongPerAddress: 0,
};

type LogIn = (typed: string, password: string) => Promise<string>;

/** Logs in through a shield of its own, and tells the outcome in a word. */
function shielded(backend: Authenticator): LogIn {
  const bounded = { maxEntries: 1000, clock };
  const shield = createShield({
    settings: SETTINGS,
    clock,
    fingerprint: createFingerprint(),
    right: memoryStore(bounded),
    latest: memoryStore(bounded),
    wrong: memoryStore(bounded),
    counters: memoryCounters(bounded),
  });
  return async (typed, password) => {
    const credential = { username: typed, password: new Secret(password) };
    return word(await shield.authenticate(backend, credential, clock.monotonic() + 8000, '192.0.2.1'));
  };
}

const word = ({ outcome }: ShieldedAnswer): string => (outcome.kind === 'rejected' ? outcome.reason : outcome.kind);

describe.skipIf(absent)('acceptance 3: wrong passwords for one user of an LDAP directory', () => {
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
  ])('share one budget whatever is typed, with %s', async (_way, input, spellings) => {
    await using backend = await createLdap({ urls: [slapd.url], ...input });
    const logIn = shielded(backend);

    const words: string[] = [];
    const binds = await bindsOfAlice(async () => {
      for (const [index, typed] of spellings.entries()) words.push(await logIn(typed, `guess-${index}`));
    });

    expect(binds).toBe(3);
    expect(words.slice(0, 3)).toEqual(Array(3).fill('wrong-password'));
    expect(new Set(words.slice(3))).toEqual(new Set(['too-many-attempts']));
  });

  it('count once when they are the same, whatever is typed beside them', async () => {
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

  it('are counted by the id in the entry, and so through a change of its name', async () => {
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
    const words = [await logIn('gina-married', 'four'), await logIn('gina@example.org', 'five')];

    expect(words).toEqual(['too-many-attempts', 'too-many-attempts']);
  });
});
