import { verify, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TokenClaims } from '../../../../src/core/token.ts';
import type { KeyAlgorithm, KeyConfig } from '../../../../src/platform/signing/config.ts';
import { createSigner } from '../../../../src/platform/signing/jwt-signer.ts';
import { certificateBundle, jwks, loadKeys } from '../../../../src/platform/signing/keyset.ts';
import type { Keyset, SigningKey } from '../../../../src/platform/signing/keyset.ts';
import { recordingLog } from '../../../support/fakes.ts';
import { ecKey, pkcs8 } from '../../../support/signing-certificate.ts';

const CLAIMS: TokenClaims = {
  iss: 'fairlead',
  sub: 'usér',
  aud: 'a',
  exp: 2,
  nbf: 1,
  iat: 1,
  jti: 'j',
  access: [{ type: 'repository', name: 'web/shop', actions: ['pull'] }],
};

let folder: string;
let keyset: Keyset;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-keys-'));
  const keyFile = join(folder, 'bare.pem');
  await writeFile(keyFile, pkcs8(ecKey()), { mode: 0o600 });
  const configs: readonly KeyConfig[] = [
    { name: 'ec', algorithm: 'ES256' },
    { name: 'rsa', algorithm: 'RS256' },
    { name: 'ed', algorithm: 'EdDSA' },
    { name: 'bare', algorithm: 'ES256', keyFile: { path: keyFile } },
  ];
  keyset = await loadKeys(configs, folder, recordingLog());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function keyOf(name: string): SigningKey {
  const key = keyset.find((candidate) => candidate.name === name);
  if (key === undefined) throw new Error(`no key ${name}`);
  return key;
}

function decoded(part = ''): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}

/** JWS, RFC 7515 section 5.2, with the algorithms of RFC 7518 and RFC 8037. */
function isSigned(token: string, { algorithm, publicKey }: SigningKey): boolean {
  const [header, claims, signature = ''] = token.split('.');
  const digest = algorithm === 'EdDSA' ? null : 'sha256';
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
  return verify(digest, Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'));
}

describe('a token', () => {
  const names: Readonly<Record<KeyAlgorithm, string>> = { ES256: 'ec', RS256: 'rsa', EdDSA: 'ed' };

  it.each(['ES256', 'RS256', 'EdDSA'] as const)('is signed with %s as RFC 7515 requires', async (algorithm) => {
    const signer = createSigner(keyset, [{ service: 'a', header: 'kid', signingKey: names[algorithm] }]);

    const token = await signer.sign('a', CLAIMS);

    expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(decoded(token.split('.')[1])).toEqual(CLAIMS);
    expect(isSigned(token, keyOf(names[algorithm]))).toBe(true);
    expect(isSigned(token.replace('.', '.e30'), keyOf(names[algorithm]))).toBe(false);
  });

  it('has an audience that is a string, because distribution 2 refuses an array', async () => {
    const signer = createSigner(keyset, [{ service: 'a', header: 'kid' }]);

    expect(decoded((await signer.sign('a', CLAIMS)).split('.')[1])['aud']).toBe('a');
  });

  it.each([
    ['kid', () => ({ typ: 'JWT', alg: 'ES256', kid: keyOf('ec').libtrustKeyId })],
    ['kid-rfc7638', () => ({ typ: 'JWT', alg: 'ES256', kid: keyOf('ec').thumbprint })],
    [
      'x5c',
      () => ({ typ: 'JWT', alg: 'ES256', kid: keyOf('ec').libtrustKeyId, x5c: [expect.stringMatching(/^[\w+/]+=*$/)] }),
    ],
  ] as const)('names its key by %s', async (header, expected) => {
    const signer = createSigner(keyset, [{ service: 'a', header }]);

    expect(decoded((await signer.sign('a', CLAIMS)).split('.')[0])).toEqual(expected());
  });

  it('carries the whole chain in x5c, leaf first, in base64 of DER', async () => {
    const chain = [...keyOf('ec').chain, ...keyOf('ed').chain];
    const signer = createSigner([{ ...keyOf('ec'), chain }], [{ service: 'a', header: 'x5c' }]);

    const { x5c } = decoded((await signer.sign('a', CLAIMS)).split('.')[0]) as { x5c: string[] };

    const read = x5c.map((der) => new X509Certificate(Buffer.from(der, 'base64')).fingerprint256);
    expect(read).toEqual(chain.map(({ fingerprint256 }) => fingerprint256));
  });

  it('is signed by the key of its service, or by the first key when the service names none', async () => {
    const signer = createSigner(keyset, [
      { service: 'a', header: 'x5c' },
      { service: 'b', header: 'x5c', signingKey: 'rsa' },
    ]);

    const [a, b] = await Promise.all([signer.sign('a', CLAIMS), signer.sign('b', CLAIMS)]);

    expect([isSigned(a, keyOf('ec')), isSigned(b, keyOf('rsa'))]).toEqual([true, true]);
    expect([decoded(a.split('.')[0])['alg'], decoded(b.split('.')[0])['alg']]).toEqual(['ES256', 'RS256']);
  });

  it('is signed without blocking the event loop, also with RSA', async () => {
    const signer = createSigner(keyset, [{ service: 'a', header: 'kid', signingKey: 'rsa' }]);
    let settled = 0;

    const tokens = Array.from({ length: 8 }, () => signer.sign('a', CLAIMS).finally(() => settled++));
    // All that can be done without a turn of the event loop.
    for (let tick = 0; tick < 100; tick++) await Promise.resolve();

    expect(settled).toBe(0);
    await Promise.all(tokens);
    expect(settled).toBe(8);
  });
});

describe('a signer', () => {
  it('is refused for a key that is not configured', () => {
    expect(() => createSigner(keyset, [{ service: 'a', header: 'kid', signingKey: 'gone' }])).toThrow(
      'the service a names the signing key gone, which is not configured',
    );
  });

  it('is refused for x5c when the key has no certificate, but not for kid', () => {
    expect(() => createSigner(keyset, [{ service: 'a', header: 'x5c', signingKey: 'bare' }])).toThrow(
      'the service a uses x5c, but the key bare has no certFile; add a certFile or choose kid',
    );
    expect(() => createSigner(keyset, [{ service: 'a', header: 'kid', signingKey: 'bare' }])).not.toThrow();
  });
});

describe('the verification material for registries', () => {
  it('has each public key under both ids and nothing private, as a key set', () => {
    const { keys } = JSON.parse(jwks(keyset)) as { keys: Record<string, unknown>[] };

    expect(keys.map(({ kid, alg, use }) => [kid, alg, use])).toEqual(
      keyset.flatMap(({ libtrustKeyId, thumbprint, algorithm }) => [
        [libtrustKeyId, algorithm, 'sig'],
        [thumbprint, algorithm, 'sig'],
      ]),
    );
    const members = new Set(keys.flatMap((key) => Object.keys(key)));
    expect([...members].toSorted()).toEqual(['alg', 'crv', 'e', 'kid', 'kty', 'n', 'use', 'x', 'y']);
  });

  it('has each certificate in PEM, as a bundle', () => {
    const bundle = certificateBundle(keyset);

    const read = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
    expect(read.join('')).toBe(bundle);
    expect(read.map((pem) => new X509Certificate(pem).fingerprint256)).toEqual(
      keyset.flatMap(({ chain }) => chain.map(({ fingerprint256 }) => fingerprint256)),
    );
    expect(read).toHaveLength(3);
  });
});
