import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ldapConfig } from '../../src/backends/ldap/config/config.ts';
import { openLdap } from '../../src/backends/ldap/authenticator.ts';
import { Secret } from '../../src/core/identity.ts';
import { realClock, recordingLog } from '../support/fakes.ts';
import { createLdap, identityOf, logIn, plainGroups } from '../support/ldap-backend.ts';
import { runOk } from '../support/process.ts';
import { GROUPS_DN, PEOPLE, PEOPLE_DN, SERVICE } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';

const absent = !canRunSlapd();
const { alice } = PEOPLE;
const TEMPLATE = `uid={login},${PEOPLE_DN}`;

describe.skipIf(absent)('an LDAP server that requires a client certificate', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({
      tls: true,
      // With SASL EXTERNAL a client with this certificate is the service account.
      globalConfig: `TLSVerifyClient demand\nauthz-regexp "^cn=fairlead$" "${SERVICE.dn}"`,
    });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  const own = () => ({
    caFile: slapd.caFile ?? '',
    certFile: slapd.clientCertFile ?? '',
    keyFile: slapd.clientKeyFile ?? '',
  });

  it('accepts logins with a client certificate, over ldaps and after StartTLS', async () => {
    await using ldaps = await createLdap({ urls: [slapd.ldapsUrl ?? ''], tls: own() });
    await using starttls = await createLdap({ urls: [slapd.url], tls: { mode: 'starttls', ...own() } });

    expect((await identityOf(ldaps, alice)).username).toBe('alice');
    expect((await identityOf(starttls, alice)).username).toBe('alice');
    expect(ldaps.watches).toEqual(Object.values(own()));
  });

  it('acceptance 7: the test server treats a client with the certificate alone as the service account (SASL EXTERNAL)', async () => {
    const { caFile, certFile, keyFile } = own();

    const output = await runOk('ldapwhoami', ['-Y', 'EXTERNAL', '-H', slapd.ldapsUrl ?? ''], {
      env: { ...process.env, LDAPTLS_CACERT: caFile, LDAPTLS_CERT: certFile, LDAPTLS_KEY: keyFile },
    });

    expect(output).toContain(`dn:${SERVICE.dn}`);
  });

  it('acceptance 7: never sends a user name as a SASL mechanism, which would bind as the service account', async () => {
    await using backend = await createLdap({
      urls: [slapd.ldapsUrl ?? ''],
      tls: own(),
      users: { template: TEMPLATE },
      bind: undefined,
    });
    await slapd.settled();
    const before = slapd.log().length;

    for (const name of ['EXTERNAL', 'PLAIN', 'DIGEST-MD5', 'SCRAM-SHA-1']) {
      for (const password of ['x', ' ', SERVICE.dn, `dn:${SERVICE.dn}`]) {
        expect(await logIn(backend, name, password)).toEqual({ kind: 'rejected', reason: 'wrong-password' });
      }
    }
    await slapd.settled();

    const log = slapd.log().slice(before);
    expect(log).not.toContain('method=163');
    expect(log).not.toMatch(/BIND [^\n]*mech=EXTERNAL/);
    expect(log.match(/BIND dn="uid=EXTERNAL,[^\n]*method=128/g)).toHaveLength(4);
  });
});

describe.skipIf(absent)('an LDAP server on a Unix socket', () => {
  it.each<[string, (url: string) => string]>([
    ['with slashes', (url) => url],
    ['with escaped slashes', (url) => `ldapi://${url.slice('ldapi://'.length).replaceAll('/', '%2f')}`],
  ])('logs in over a Unix socket, with a url %s', async (_how, written) => {
    await using slapd = await startSlapd();
    const log = recordingLog();
    await using backend = await createLdap({ urls: [written(slapd.socketUrl)] }, { log });

    expect(plainGroups(await identityOf(backend, alice))).toEqual(['team-web']);
    expect(log.lines).toEqual([]);
  });
});

describe.skipIf(absent)('LDAP servers from DNS records', () => {
  it('uses the servers from DNS records, and verifies their certificates for the configured server name', async () => {
    await using slapd = await startSlapd({ tls: true });
    const config = ldapConfig.parse({
      type: 'ldap',
      name: 'corp',
      srv: 'corp.example',
      tls: { caFile: slapd.caFile, serverName: 'localhost' },
      bind: { dn: SERVICE.dn, password: { env: 'LDAP_PASSWORD' } },
      users: { base: PEOPLE_DN },
      groups: { base: GROUPS_DN },
    });
    const deps = {
      clock: realClock,
      log: recordingLog(),
      secret: () => ({ read: async () => new Secret(SERVICE.password) }),
    };
    await using backend = await openLdap(config, deps, async () => [
      { name: '127.0.0.1', port: slapd.port, priority: 0, weight: 0 },
    ]);

    expect((await identityOf(backend, alice)).username).toBe('alice');
  });
});
