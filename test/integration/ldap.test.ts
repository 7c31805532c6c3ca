import { deadlineIn } from '../../src/core/deadline.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator } from '../../src/core/ports.ts';
import { authenticatorContract } from '../contract/authenticator.ts';
import type { ContractSubject } from '../contract/authenticator.ts';
import { outageContract } from '../contract/outages.ts';
import { realClock, recordingLog } from '../support/fakes.ts';
import { createLdap, ldapTraits, logIn } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { startOutageProxy } from '../support/outage-proxy.ts';
import { GROUPS_DN, PEOPLE, PEOPLE_DN } from '../support/slapd-entries.ts';
import { canRunSlapd, seenBy, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';

const absent = !canRunSlapd();
const TEMPLATE = `uid={login},${PEOPLE_DN}`;
const { alice, bob } = PEOPLE;

describe.skipIf(absent)('the ldap backend on OpenLDAP', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ tls: true });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  const variants: readonly (readonly [string, () => LdapInput])[] = [
    ['search and bind without encryption', () => ({ urls: [slapd.url] })],
    ['search and bind over ldaps', () => ({ urls: [slapd.ldapsUrl ?? ''], tls: { caFile: slapd.caFile ?? '' } })],
    [
      'search and bind after StartTLS',
      () => ({ urls: [slapd.url], tls: { mode: 'starttls', caFile: slapd.caFile ?? '' } }),
    ],
    ['a template, reading as the service account', () => ({ urls: [slapd.url], users: { template: TEMPLATE } })],
    ['a template, reading as the user', () => ({ urls: [slapd.url], users: { template: TEMPLATE }, bind: undefined })],
  ];

  function subject(input: LdapInput): ContractSubject {
    return {
      create: ({ clock, log }) => createLdap(input, { clock, log }),
      traits: ldapTraits(input),
      known: { ...alice, groups: ['team-web', `cn=team-web,${GROUPS_DN}`] },
      other: bob,
      attempts: async () => (await slapd.settled()).binds.filter((dn) => dn !== slapd.bindDn).length,
    };
  }

  for (const [name, input] of variants) {
    authenticatorContract(`ldap, ${name}`, async () => subject(input()));
  }

  outageContract('ldap, search and bind', async (resources) => {
    const outages = resources.use(await startOutageProxy(() => slapd.port));
    return { ...subject({ urls: [`ldap://127.0.0.1:${outages.port}`] }), outages };
  });

  async function open(input: LdapInput = {}): Promise<Authenticator> {
    return createLdap({ urls: [slapd.url], ...input });
  }

  describe('the requests of the ldap backend', () => {
    it('sends one bind as the user for a login, with a correct or a wrong password', async () => {
      await using backend = await open();

      const successful = await seenBy(slapd, () => logIn(backend, 'alice', alice.password));
      const wrong = await seenBy(slapd, () => logIn(backend, 'alice', 'wrong'));

      expect(successful.binds).toEqual([slapd.bindDn, alice.dn]);
      // The service account is already bound.
      expect(wrong.binds).toEqual([alice.dn]);
      expect([successful.connections, wrong.connections]).toEqual([2, 0]);
    });

    it.each<[searches: number, what: string, input: LdapInput]>([
      [2, 'the groups that list the user', {}],
      [1, 'the groups in memberOf', { groups: { base: GROUPS_DN, from: 'memberOf' } }],
      [1, 'no groups', { groups: undefined }],
      [2, 'a template for the DN', { users: { template: TEMPLATE } }],
    ])(
      'sends a bind and %i searches for a login with %s, once parent groups are cached',
      async (searches, _, input) => {
        await using backend = await open(input);
        await logIn(backend, 'alice', alice.password);

        const again = await seenBy(slapd, () => logIn(backend, 'alice', alice.password));

        expect([again.connections, again.binds, again.searches.length]).toEqual([0, [alice.dn], searches]);
      },
    );

    it('sends no bind as the user for a lookup', async () => {
      await using backend = await open();

      const seen = await seenBy(
        slapd,
        () => backend.lookup?.('alice', deadlineIn(realClock, 8000)) ?? Promise.resolve(),
      );

      expect(seen.binds).toEqual([slapd.bindDn]);
    });
  });

  it('offers no lookup when only users can read their entries', async () => {
    await using backend = await open({ users: { template: TEMPLATE }, bind: undefined });

    expect('lookup' in backend).toBe(false);
  });

  it('warns of unencrypted connections, except on loopback', async () => {
    const [far, near] = [recordingLog(), recordingLog()];
    await using remote = await createLdap({ urls: ['ldap://ldap.example.org'], tls: { mode: 'none' } }, { log: far });
    await using local = await createLdap({ urls: ['ldap://localhost'] }, { log: near });

    expect([remote.name, local.name]).toEqual(['corp', 'corp']);
    expect(far.lines.map(({ message }) => message)).toEqual([
      expect.stringContaining('unencrypted directory connection'),
    ]);
    expect(near.lines).toEqual([]);
  });
});
