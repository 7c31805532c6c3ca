import { Client } from 'ldapts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, startBroker } from '../support/broker.ts';
import { createLdap, logIn } from '../support/ldap-backend.ts';
import { PEOPLE, PEOPLE_DN } from '../support/slapd-entries.ts';
import { canRunSlapd, seenBy, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { ASK_WEB, STATIC_CONFIG } from '../support/static-broker.ts';
import { directoryBackend, TEAM_POLICY } from '../support/user-sources.ts';

const absent = !canRunSlapd();
const { alice } = PEOPLE;
const NOTHING = { binds: [], searches: [], connections: 0 };

describe.skipIf(absent)('acceptance 6: an empty password at a server that accepts it as an anonymous bind', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ globalConfig: 'allow bind_anon_cred bind_anon_dn' });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  it('is an anonymous bind that the test server accepts with the DN of any user', async () => {
    const client = new Client({ url: slapd.url });

    await expect(client.bind(alice.dn, '')).resolves.toBeUndefined();
    await client.unbind();
  });

  it.each(['', '\0', '\0\0'])(
    'rejects an empty password before a packet is sent to the server: %j',
    async (password) => {
      await using searching = await createLdap({ urls: [slapd.url] });
      await using binding = await createLdap({ urls: [slapd.url], users: { template: `uid={login},${PEOPLE_DN}` } });

      const seen = await seenBy(slapd, async () => {
        for (const backend of [searching, binding]) {
          expect(await logIn(backend, 'alice', password)).toEqual({ kind: 'rejected', reason: 'empty-password' });
        }
      });

      expect(seen).toEqual(NOTHING);
    },
  );

  it('sends a blank password to the server', async () => {
    await using backend = await createLdap({ urls: [slapd.url] });

    const seen = await seenBy(slapd, async () => {
      expect(await logIn(backend, 'alice', ' ')).toEqual({ kind: 'rejected', reason: 'wrong-password' });
    });

    expect(seen.binds).toEqual([slapd.bindDn, alice.dn]);
  });

  it('answers 401 over HTTP for an empty password in every form, and 200 for the correct one', async () => {
    await using broker = await startBroker({
      config: { ...STATIC_CONFIG, backends: [directoryBackend(slapd)] },
      files: { 'ldap.password': slapd.bindPassword, 'policy.yaml': TEAM_POLICY },
    });
    const ask = async (authorization: string): Promise<number> =>
      (await fetch(`${broker.url}/token?${ASK_WEB}`, { headers: { authorization } })).status;
    const headers = ['alice:', 'alice:\0', 'alice'].map((text) => `Basic ${Buffer.from(text).toString('base64')}`);

    const statuses: number[] = [];
    const seen = await seenBy(slapd, async () => {
      for (const header of headers) statuses.push(await ask(header));
    });

    expect(statuses).toEqual([401, 401, 401]);
    expect(seen).toEqual(NOTHING);
    expect(await ask(basic({ user: 'alice', password: alice.password }).authorization)).toBe(200);
  });
});
