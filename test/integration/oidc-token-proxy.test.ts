/** Keys of an issuer that is behind a proxy. */
import { describe, expect, it } from 'vitest';
import { githubClaims } from '../support/ci-claims.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { OPENSSL } from '../support/loopback-certificate.ts';
import { findPart } from '../support/parts.ts';
import { createTokenBackend, present } from '../support/token-backend.ts';
import { startTokenIssuer } from '../support/token-issuer.ts';

describe.skipIf(findPart(OPENSSL) === undefined)('oidc-token', () => {
  it('fetches metadata and keys through the proxy, and fails where that refuses', async () => {
    await using proxy = await startConnectProxy();
    await using refusing = await startConnectProxy();
    refusing.refuse(403);
    await using issuer = await startTokenIssuer();
    const config = { issuer: issuer.issuer, caFile: issuer.caFile };
    await using backend = await createTokenBackend({ config: { ...config, proxy: proxy.url } });
    await using cut = await createTokenBackend({ config: { ...config, proxy: refusing.url } });
    const token = issuer.sign(githubClaims());

    expect((await present(backend, token)).kind).toBe('authenticated');
    expect(new Set(proxy.targets())).toEqual(new Set([new URL(issuer.issuer).host]));
    await expect(present(cut, token)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringContaining('the proxy answered 403'),
    });
  });

  it.each([
    ['keys that are a file', { issuer: 'https://id.example.com', keys: { file: 'keys.json' } }, /with keys\.file/],
    ['an issuer on this machine', { issuer: 'http://127.0.0.1:8080' }, /issuer on this machine/],
  ])('takes no proxy for %s', async (_what, config, message) => {
    const proxy = 'http://proxy.example.com:3128';

    await expect(createTokenBackend({ config: { ...config, proxy } })).rejects.toThrow(message);
  });
});
