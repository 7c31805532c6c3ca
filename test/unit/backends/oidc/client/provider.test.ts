import { clientAuthenticator } from '../../../../../src/backends/oidc/client/client-authentication.ts';
import { None } from 'openid-client';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../../../src/backends/http-client/connection.ts';
import { createProvider } from '../../../../../src/backends/oidc/client/provider.ts';
import { Secret } from '../../../../../src/core/identity.ts';
import { fixedClock, recordingLog } from '../../../../support/fakes.ts';

const FOREVER = new AbortController().signal;

function provider(issuer: string, metadata: Readonly<Record<string, unknown>>) {
  const answering: Connection = {
    fetchUntil: () => async () => Response.json(metadata),
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
  return createProvider({
    backend: 'sso',
    issuer,
    internalUrl: undefined,
    usesMutualTls: false,
    needsIdToken: true,
    clientId: 'registry',
    additionalAudiences: [],
    timeoutSeconds: 5,
    clock: fixedClock(),
    log: recordingLog(),
    authenticator: async () => ({ clientAuth: None(), secrets: [] }),
    connection: () => answering,
  });
}

const bySecret = (read: () => Promise<Secret>) =>
  clientAuthenticator({
    method: 'client_secret_basic',
    secret: { read },
    key: () => undefined,
    keyId: undefined,
    assertionAudience: 'issuer',
  });

describe('a provider', () => {
  it('is taken when its metadata names the configured issuer', async () => {
    const issuer = 'https://login.microsoftonline.com/tenant/v2.0';
    const endpoints = { token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys` };

    const { metadata } = await provider(issuer, { issuer, ...endpoints }).open(FOREVER);

    expect(metadata).toMatchObject({ issuer, endpoints });
  });

  it.each([
    ['https://login.microsoftonline.com/common/v2.0', 'https://login.microsoftonline.com/{tenantid}/v2.0'],
    ['https://corp.b2clogin.com/tenant/v2.0', 'https://login.microsoftonline.com/tenant/v2.0'],
    ['https://id.example.com', 'https://id.example.org'],
  ])('is refused when %s names the issuer %s', async (issuer, named) => {
    const metadata = { issuer: named, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys` };

    await expect(provider(issuer, metadata).open(FOREVER)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringContaining(`name the issuer "${named}", expected "${issuer}"`),
    });
  });

  it.each(['token_endpoint', 'jwks_uri'])('is refused when its metadata has no %s', async (missing) => {
    const issuer = 'https://id.example.com';
    const metadata = { issuer, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`, [missing]: undefined };

    await expect(provider(issuer, metadata).open(FOREVER)).rejects.toMatchObject({
      message: expect.stringContaining(missing),
    });
  });
});

describe('client authentication', () => {
  it('reads the secret anew for each login', async () => {
    let secret = 'first';
    const authenticate = bySecret(async () => new Secret(secret));

    const before = await authenticate();
    secret = 'second';
    const after = await authenticate();

    expect([before.secrets, after.secrets]).toEqual([['first'], ['second']]);
  });

  it('fails on an empty secret', async () => {
    const authenticate = bySecret(async () => new Secret(''));

    await expect(authenticate()).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: 'client.secret is empty',
    });
  });

  it('encodes id and secret as a form does, and no more', async () => {
    const { clientAuth } = await bySecret(async () => new Secret('a-b_c.d e:f+g%é'))();
    const headers = new Headers();

    clientAuth({ issuer: 'https://id.example.com' }, { client_id: 'my:client-1' }, new URLSearchParams(), headers);

    const [scheme, pair = ''] = headers.get('authorization')?.split(' ') ?? [];
    expect(scheme).toBe('Basic');
    expect(Buffer.from(pair, 'base64').toString()).toBe('my%3Aclient-1:a-b_c.d+e%3Af%2Bg%25%C3%A9');
  });
});
