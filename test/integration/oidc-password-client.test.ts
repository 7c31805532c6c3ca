/** How the broker authenticates to an OpenID provider without a secret, and how it reaches one through a proxy. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Authenticator } from '../../src/core/ports.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { recordingLog } from '../support/fakes.ts';
import { createLoopbackCertificate, OPENSSL } from '../support/loopback-certificate.ts';
import { createOidcBackend, login } from '../support/oidc-backend.ts';
import { PEOPLE, startOpenIdProvider } from '../support/openid-provider.ts';
import type { OpenIdProviderOptions } from '../support/openid-provider.ts';
import { findPart } from '../support/parts.ts';
import { startTcpStandIn } from '../support/tcp-stand-in.ts';

const [ALICE] = PEOPLE;
const hasOpenssl = findPart(OPENSSL) !== undefined;

const enter = (backend: Authenticator) => login(backend, ALICE.username, ALICE.password);

function newKey(type: 'rsa' | 'ec' = 'ec') {
  const { privateKey, publicKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const alg = type === 'rsa' ? 'RS256' : 'ES256';
  return {
    pem: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    jwk: { ...publicKey.export({ format: 'jwk' }), use: 'sig', alg, kid: 'key-of-fairlead' },
  };
}

function startForAssertions(key: ReturnType<typeof newKey>, options: OpenIdProviderOptions = {}) {
  const client = { jwks: { keys: [key.jwk] }, token_endpoint_auth_signing_alg: key.jwk.alg };
  return startOpenIdProvider({ clientAuthentication: 'private_key_jwt', client, ...options });
}

describe('private_key_jwt', () => {
  it.each([
    ['rsa', {}],
    ['ec', {}],
    ['ec', { keyId: 'key-of-fairlead', assertionAudience: 'token-endpoint' }],
  ] as const)('shows the provider who the broker is with an %s key and %j', async (type, more) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-key-'));
    const keyFile = join(folder.path, 'client.key');
    const key = newKey(type);
    await writeFile(keyFile, key.pem);
    await using provider = await startForAssertions(key);
    const client = { authentication: 'private_key_jwt', keyFile, ...more };
    await using backend = await createOidcBackend({ issuer: provider.issuer, client });

    expect(await enter(backend)).toMatchObject({ kind: 'authenticated', identity: { username: 'alice' } });
  });

  it('uses the key that the file holds after it has been read again, and keeps the old one while it holds none', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-key-'));
    const keyFile = join(folder.path, 'client.key');
    const [former, key] = [newKey(), newKey()];
    await writeFile(keyFile, former.pem);
    await using provider = await startForAssertions(key);
    const log = recordingLog();
    const client = { authentication: 'private_key_jwt', keyFile };
    await using backend = await createOidcBackend({ issuer: provider.issuer, client, log });
    await expect(enter(backend)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/invalid_client.*check client\.id/),
    });

    await writeFile(keyFile, key.pem);
    await backend.reload?.();
    const outcome = await enter(backend);
    await writeFile(keyFile, 'no key');

    expect(outcome.kind).toBe('authenticated');
    await expect(backend.reload?.()).rejects.toThrow(`${keyFile}: expected a private key in PEM`);
    expect((await enter(backend)).kind).toBe('authenticated');
    expect(backend.watches).toEqual([keyFile]);
    expect(inspect(log.lines, { depth: Infinity })).not.toMatch(/PRIVATE KEY|eyJ/);
  });

  it.each([
    ['no key', 'nothing', /expected a private key in PEM/],
    [
      'a key that is too short',
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'pem', type: 'pkcs8' }),
      /expected an RSA key of 2048 bits/,
    ],
    [
      'a key that cannot sign so',
      generateKeyPairSync('x25519').privateKey.export({ format: 'pem', type: 'pkcs8' }),
      /expected an RSA key/,
    ],
  ])('is refused at start with %s, by the name of the file and without what it holds', async (_what, pem, message) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-key-'));
    const keyFile = join(folder.path, 'client.key');
    await writeFile(keyFile, pem);
    const client = { authentication: 'private_key_jwt', keyFile };

    const error: unknown = await createOidcBackend({ issuer: 'https://127.0.0.1', client }).catch((thrown) => thrown);

    expect(error).toMatchObject({ message: expect.stringMatching(message) });
    expect(error).toMatchObject({ message: expect.stringContaining(keyFile) });
    expect(inspect(error)).not.toContain('nothing');
  });
});

describe.skipIf(!hasOpenssl)('tls_client_auth', () => {
  const startForCertificates = () =>
    startOpenIdProvider({
      tls: true,
      clientAuthentication: 'tls_client_auth',
      client: { tls_client_auth_subject_dn: 'CN=fairlead' },
    });

  it('shows the provider a certificate', async () => {
    await using provider = await startForCertificates();
    const client = { authentication: 'tls_client_auth', ...provider.clientFiles };
    await using backend = await createOidcBackend({
      issuer: provider.issuer,
      client,
      config: { caFile: provider.caFile },
    });

    expect(await enter(backend)).toMatchObject({ kind: 'authenticated', identity: { username: 'alice' } });
  });

  it('is never the user’s fault when the certificate is of another authority', async () => {
    await using provider = await startForCertificates();
    await using other = await createLoopbackCertificate();
    const files = { certFile: other.clientCertFile, keyFile: other.clientKeyFile };
    await using backend = await createOidcBackend({
      issuer: provider.issuer,
      client: { authentication: 'tls_client_auth', ...files },
      config: { caFile: provider.caFile },
    });

    await expect(enter(backend)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/answered 401 invalid_client/),
    });
  });
});

describe.skipIf(!hasOpenssl)('a proxy', () => {
  it('gets its own user name and password, which the provider and the log do not', async () => {
    await using proxy = await startConnectProxy();
    const password = 'password-of-the-proxy';
    proxy.require('fairlead', password);
    await using provider = await startOpenIdProvider({ tls: true });
    const { issuer, caFile, clientSecret } = provider;
    const log = recordingLog();
    const credentials = { username: 'fairlead', password: { env: 'PROXY_PASSWORD' } };
    const over = (proxyPassword: string, address: unknown = { url: proxy.url, ...credentials }) =>
      createOidcBackend({ issuer, clientSecret, proxyPassword, log, config: { caFile, proxy: address } });
    await using backend = await over(password);
    await using wrong = await over('not-the-password-of-it');
    await using silent = await over('', proxy.url);

    expect((await login(backend, ALICE.username, ALICE.password)).kind).toBe('authenticated');
    for (const refused of [wrong, silent]) {
      const error: unknown = await login(refused, ALICE.username, ALICE.password).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ message: expect.stringMatching(/the proxy answered 407: set proxy to/) });
      expect(inspect([error, log.lines], { depth: Infinity })).not.toMatch(/password-of-(?:the-proxy|it)/);
      expect(inspect([error, log.lines], { depth: Infinity })).not.toContain(btoa(`fairlead:${password}`));
    }
    expect(provider.calls().flatMap(({ headers }) => headers)).not.toContain('proxy-authorization');
  });

  it('passes all requests to the provider, with TLS from the broker to the provider', async () => {
    await using proxy = await startConnectProxy();
    await using provider = await startOpenIdProvider({ tls: true });
    const { issuer, clientSecret, caFile } = provider;
    await using backend = await createOidcBackend({ issuer, clientSecret, config: { caFile, proxy: proxy.url } });
    await using distrustful = await createOidcBackend({ issuer, clientSecret, config: { proxy: proxy.url } });

    expect((await enter(backend)).kind).toBe('authenticated');
    await expect(enter(distrustful)).rejects.toMatchObject({
      message: expect.stringMatching(/CERT|VERIFY|certificate/i),
    });
    expect(new Set(proxy.targets())).toEqual(new Set([`127.0.0.1:${provider.port}`]));
  });

  it('is an outage when it refuses or is not reachable', async () => {
    await using proxy = await startConnectProxy();
    await using provider = await startOpenIdProvider({ tls: true });
    const { issuer, clientSecret, caFile } = provider;
    await using backend = await createOidcBackend({ issuer, clientSecret, config: { caFile, proxy: proxy.url } });
    await using lost = await createOidcBackend({
      issuer,
      clientSecret,
      config: { caFile, proxy: 'http://127.0.0.1:9' },
    });
    proxy.refuse(407);

    await expect(enter(backend)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/the proxy answered 407/),
    });
    await expect(enter(lost)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(provider.calls()).toEqual([]);
  });

  it('is an outage within the time of a login when it does not answer', async () => {
    await using proxy = await startTcpStandIn();
    await using provider = await startOpenIdProvider({ tls: true });
    const { issuer, clientSecret, caFile } = provider;
    const config = { caFile, proxy: `http://127.0.0.1:${proxy.port}`, timeout: '1s' };
    await using backend = await createOidcBackend({ issuer, clientSecret, config });
    const started = performance.now();

    await expect(enter(backend)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringContaining('in time'),
    });
    // Without the limit of a second, it would take the 8 s of a login.
    expect(performance.now() - started).toBeLessThan(6000);
    expect(proxy.connections()).toBe(1);
  });
});
