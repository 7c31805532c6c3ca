import { deadlineIn } from '../../src/core/deadline.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator } from '../../src/core/ports.ts';
import { authenticatorContract } from '../contract/authenticator.ts';
import { realClock, recordingLog } from '../support/fakes.ts';
import { createLdap, logIn } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { findPart } from '../support/parts.ts';
import { GROUPS_DN, PEOPLE, PEOPLE_DN } from '../support/slapd-entries.ts';
import { LDAPADD, SLAPD, seenBy, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';

const absent = findPart(SLAPD) === undefined || findPart(LDAPADD) === undefined;
const TEMPLATE = `uid={login},${PEOPLE_DN}`;
const { alice, bob } = PEOPLE;

describe.skipIf(absent)('the ldap backend on OpenLDAP', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ tls: true });
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

  describe('what the directory sees', () => {
    it('is one bind of the user for a login, right or wrong', async () => {
      await using backend = await opened();

      const right = await seenBy(slapd, () => logIn(backend, 'alice', alice.password));
      const wrong = await seenBy(slapd, () => logIn(backend, 'alice', 'wrong'));

      expect(right.binds).toEqual([slapd.bindDn, alice.dn]);
      // The service account is bound already.
      expect(wrong.binds).toEqual([alice.dn]);
      expect([right.connections, wrong.connections]).toEqual([2, 0]);
    });

    it('is no user’s bind when a user is looked up', async () => {
      await using backend = await opened();

      const seen = await seenBy(
        slapd,
        () => backend.lookup?.('alice', deadlineIn(realClock, 8000)) ?? Promise.resolve(),
      );

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
