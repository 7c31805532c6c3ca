import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { createLdap, identityOf } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { createLoopbackCertificate } from '../support/loopback-certificate.ts';
import { PEOPLE, PEOPLE_DN, SERVICE } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';

const absent = !canRunSlapd();
const { alice } = PEOPLE;
const ONLY_TLS_1_1 = 'TLSCipherSuite NORMAL:-VERS-ALL:+VERS-TLS1.1';

interface TestServer {
  readonly slapd: Slapd;
  readonly input: Pick<LdapInput, 'urls' | 'tls'>;
  /** The text in the log; absent when the login works. */
  readonly reason?: string;
}

/** The same directory with each kind of TLS, valid and invalid, by the name of its backend. */
async function startServers(resources: AsyncDisposableStack): Promise<Readonly<Record<string, TestServer>>> {
  const launch = async (options: Parameters<typeof startSlapd>[0]) => resources.use(await startSlapd(options));
  const other = resources.use(await createLoopbackCertificate());
  const good = await launch({ tls: true });
  const expired = await launch({ tls: 'expired' });
  const old = await launch({ tls: true, globalConfig: ONLY_TLS_1_1 });
  const bare = await launch({});
  const mutual = await launch({ tls: true, globalConfig: 'TLSVerifyClient demand' });
  const ca = ({ caFile = '' }: { readonly caFile?: string }) => ({ caFile });
  const ldaps = (slapd: Slapd, tls: LdapInput['tls'], reason?: string) => ({
    slapd,
    input: { urls: [slapd.ldapsUrl ?? ''], tls },
    ...(reason === undefined ? {} : { reason }),
  });
  const startTls = (slapd: Slapd, tls: LdapInput['tls'], reason?: string) => ({
    slapd,
    input: { urls: [slapd.url], tls: { mode: 'starttls' as const, ...tls } },
    ...(reason === undefined ? {} : { reason }),
  });
  const own = { ...ca(mutual), certFile: mutual.clientCertFile ?? '', keyFile: mutual.clientKeyFile ?? '' };
  const otherAuthority = 'tls.caFile does not have the authority that issued the certificate of the server';
  const noAuthority = 'set tls.caFile to a file with the certificate of the authority that issued it';
  const misnamed = 'the certificate is for another name: use that name in urls, or set tls.serverName';
  const tooOld = 'the server supports nothing newer than TLS 1.1';
  return {
    'good-ldaps': ldaps(good, ca(good)),
    'good-starttls': startTls(good, ca(good)),
    'wrong-ca-ldaps': ldaps(good, ca(other), otherAuthority),
    'wrong-ca-starttls': startTls(good, ca(other), otherAuthority),
    'no-ca-ldaps': ldaps(good, {}, noAuthority),
    'no-ca-starttls': startTls(good, {}, noAuthority),
    'wrong-name-ldaps': ldaps(good, { ...ca(good), serverName: 'dc1.example.org' }, misnamed),
    'wrong-name-starttls': startTls(good, { ...ca(good), serverName: 'dc1.example.org' }, misnamed),
    'expired-ldaps': ldaps(expired, ca(expired), 'the certificate has expired'),
    'expired-starttls': startTls(expired, ca(expired), 'the certificate has expired'),
    'old-ldaps': ldaps(old, ca(old), tooOld),
    'old-starttls': startTls(old, ca(old), tooOld),
    refused: startTls(bare, ca(good), 'no StartTLS: it answers 2'),
    'mutual-ldaps': ldaps(mutual, own),
    'mutual-starttls': startTls(mutual, own),
    'mutual-without': ldaps(mutual, ca(mutual), 'if it requires a client certificate, set tls.certFile'),
  };
}

const NAMES = ['wrong-ca', 'no-ca', 'wrong-name', 'expired', 'old'].flatMap((name) => [
  `${name}-ldaps`,
  `${name}-starttls`,
]);

describe.skipIf(absent)('the TLS requirements for a directory', () => {
  const resources = new AsyncDisposableStack();
  let servers: Readonly<Record<string, TestServer>>;
  let broker: Broker;
  beforeAll(async () => {
    servers = await startServers(resources);
    broker = resources.use(
      await startBroker({
        config: {
          services: { registry: {} },
          backends: Object.entries(servers).map(([name, { input }]) => ({
            name,
            type: 'ldap',
            ...input,
            usernames: [`${name}\\*`],
            bind: { dn: SERVICE.dn, password: { env: 'LDAP_PASSWORD' } },
            users: { base: PEOPLE_DN, domain: name },
          })),
          policy: 'policy.yaml',
        },
        files: { 'policy.yaml': 'rules: [{ name: all, users: ["*"], repositories: ["**"], allow: [pull] }]' },
        env: { LDAP_PASSWORD: SERVICE.password },
      }),
    );
  });
  afterAll(() => resources.disposeAsync());

  const serverNamed = (name: string): TestServer => {
    const found = servers[name];
    if (found === undefined) throw new Error(`no server ${name}`);
    return found;
  };
  const logIn = (name: string) =>
    broker.token('service=registry', { user: `${name}\\alice`, password: alice.password });

  it.each(['good-ldaps', 'good-starttls', 'mutual-ldaps', 'mutual-starttls'])(
    'acceptance 9: accepts logins, with a client certificate when the server requires one: %s',
    async (name) => {
      expect((await logIn(name)).status).toBe(200);
    },
  );

  it.each([...NAMES, 'refused', 'mutual-without'])(
    'acceptance 9: answers 503, logs the reason and sends no password: %s',
    async (name) => {
      const { slapd, reason = 'none' } = serverNamed(name);
      const before = (await slapd.settled()).binds.length;

      const { status, headers } = await logIn(name);
      expect(status).toBe(503);
      const line = await broker.waitForLine(
        (text) => text.message === 'directory server failed' && text['backend'] === name,
      );

      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(line['cause']).toContain(reason);
      expect((await slapd.settled()).binds).toHaveLength(before);
    },
  );

  it('acceptance 9: accepts the same server with TLS 1.2 instead of TLS 1.1', async () => {
    await using same = await startSlapd({ tls: true, globalConfig: ONLY_TLS_1_1.replace('1.1', '1.2') });
    await using backend = await createLdap({ urls: [same.ldapsUrl ?? ''], tls: { caFile: same.caFile ?? '' } });

    expect((await identityOf(backend, alice)).username).toBe('alice');
  });
});
