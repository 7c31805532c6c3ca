import { createPublicKey, generateKeyPairSync, verify, X509Certificate } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyAlgorithm, KeyConfig } from '../../../src/platform/signing/config.ts';
import { createSigner } from '../../../src/platform/signing/jwt-signer.ts';
import { hasLeadingZeroCoordinate, libtrustKeyId, thumbprint } from '../../../src/platform/signing/key-ids.ts';
import { makeKey } from '../../../src/platform/signing/keygen.ts';
import { jwks, loadKeys } from '../../../src/platform/signing/keyset.ts';
import { recordingLog } from '../../support/fakes.ts';

const YEAR_MS = 365.25 * 24 * 3600 * 1000;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-keys-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const load = (configs: readonly KeyConfig[], log = recordingLog()) => loadKeys(configs, folder, log);
const DEFAULT: readonly KeyConfig[] = [{ name: 'default', algorithm: 'ES256' }];

describe('key ids', () => {
  it('are those of the examples in the specifications', () => {
    // RFC 7638, section 3.1.
    const rsa = createPublicKey({
      format: 'jwk',
      key: {
        kty: 'RSA',
        e: 'AQAB',
        n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
      },
    });
    // RFC 8037, appendix A.3.
    const ed25519 = createPublicKey({
      format: 'jwk',
      key: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
    });

    expect(thumbprint(rsa)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
    expect(thumbprint(ed25519)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  it('of libtrust are twelve groups of four in base32', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

    expect(libtrustKeyId(publicKey)).toMatch(/^([A-Z2-7]{4}:){11}[A-Z2-7]{4}$/);
  });

  it('tell the keys that distribution 3.1 cannot name, and none of those is ever made', async () => {
    const leading = createPublicKey({ format: 'jwk', key: leadingZeroKey() });
    const made = await Promise.all(Array.from({ length: 20 }, () => makeKey('ES256', 'a')));

    expect(hasLeadingZeroCoordinate(leading)).toBe(true);
    expect(
      made.map(({ certificate }) => hasLeadingZeroCoordinate(new X509Certificate(certificate).publicKey)),
    ).not.toContain(true);
  });
});

/** One key in 128 has a coordinate that begins with a zero byte: some hundreds are enough to find one. */
function leadingZeroKey() {
  for (;;) {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
    if ([key.x, key.y].some((coordinate) => Buffer.from(coordinate ?? '', 'base64url')[0] === 0)) return key;
  }
}

describe('a key on the first start', () => {
  it('is made with its certificate for ten years, readable to its owner alone', async () => {
    await load(DEFAULT);

    const mode = async (path: string): Promise<string> => ((await stat(join(folder, path))).mode & 0o777).toString(8);
    expect([await mode('keys'), await mode('keys/default.pem'), await mode('keys/default.crt')]).toEqual([
      '700',
      '600',
      '644',
    ]);
    const certificate = new X509Certificate(await readFile(join(folder, 'keys/default.crt')));
    expect((certificate.validToDate.getTime() - Date.now()) / YEAR_MS).toBeCloseTo(10, 1);
  });

  it('is the same on every other start', async () => {
    const [first] = await load(DEFAULT);
    const [second] = await load(DEFAULT);

    expect(second.libtrustKeyId).toBe(first.libtrustKeyId);
  });

  it('is one key when several brokers start at once, and no draft is left', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => load(DEFAULT)));

    expect(new Set(all.map(([key]) => key.libtrustKeyId)).size).toBe(1);
    expect((await readdir(join(folder, 'keys'))).toSorted()).toEqual(['default.crt', 'default.pem']);
  });

  it('is never made anew over one whose certificate is lost', async () => {
    await load(DEFAULT);
    await unlink(join(folder, 'keys/default.crt'));
    const before = await readFile(join(folder, 'keys/default.pem'), 'utf8');

    await expect(load(DEFAULT)).rejects.toThrow(/without its certificate/);
    expect(await readFile(join(folder, 'keys/default.pem'), 'utf8')).toBe(before);
  });
});

describe('a key that is given', () => {
  async function given(
    algorithm: KeyAlgorithm = 'ES256',
  ): Promise<{ config: KeyConfig; keyFile: string; certFile: string }> {
    const { key, certificate } = await makeKey(algorithm, 'given');
    const keyFile = join(folder, 'given.pem');
    const certFile = join(folder, 'given.crt');
    await mkdir(folder, { recursive: true });
    await writeFile(keyFile, key, { mode: 0o600 });
    await writeFile(certFile, certificate);
    return {
      config: { name: 'given', algorithm, keyFile: { path: keyFile }, certFile: { path: certFile } },
      keyFile,
      certFile,
    };
  }

  it('is refused with the name of the file when the certificate is of another key', async () => {
    const { config, certFile } = await given();
    await writeFile(certFile, (await makeKey('ES256', 'other')).certificate);

    await expect(load([config])).rejects.toThrow(`${certFile} is not the certificate of the key`);
  });

  it('is refused when it does not fit the algorithm', async () => {
    const { config, keyFile } = await given('EdDSA');

    await expect(load([{ ...config, algorithm: 'ES256' }])).rejects.toThrow(
      `${keyFile} holds a key that does not fit ES256`,
    );
  });

  it('is refused without a word of its content when it is no key', async () => {
    const { config, keyFile } = await given();
    await writeFile(keyFile, 'swordfish');

    const error = await load([config]).catch((reason: unknown) => reason);

    expect(String(error)).toContain(`${keyFile} is not a private key`);
    expect(String(error)).not.toContain('swordfish');
  });

  it('is taken with a warning when others can read it', async () => {
    const { config, keyFile } = await given();
    await chmod(keyFile, 0o644);
    const log = recordingLog();

    await load([config], log);

    expect(log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      `${keyFile} can be read by others than its owner; run chmod 600 on it`,
    ]);
  });
});

describe('tokens', () => {
  const CLAIMS = { iss: 'i', sub: 's', aud: 'a', exp: 2, nbf: 1, iat: 1, jti: 'j', access: [] } as const;

  it.each(['ES256', 'RS256', 'EdDSA'] as const)('are signed with %s as JWS wants it', async (algorithm) => {
    const keyset = await load([{ name: 'own', algorithm }]);
    const signer = createSigner(keyset, [{ service: 'a', header: 'x5c' }]);

    const [header = '', claims = '', signature = ''] = (await signer.sign('a', CLAIMS)).split('.');

    const { x5c, ...rest } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { x5c: string[] };
    expect(rest).toEqual({ typ: 'JWT', alg: algorithm, kid: keyset[0].libtrustKeyId });
    expect(new X509Certificate(Buffer.from(x5c[0] ?? '', 'base64')).fingerprint256).toBe(
      keyset[0].chain[0]?.fingerprint256,
    );
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toEqual(CLAIMS);
    const key = { key: keyset[0].publicKey, dsaEncoding: 'ieee-p1363' } as const;
    const digest = algorithm === 'EdDSA' ? null : 'sha256';
    expect(verify(digest, Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
    expect(verify(digest, Buffer.from(`${header}.${claims}x`), key, Buffer.from(signature, 'base64url'))).toBe(false);
  });

  it('of a service with a key of its own are signed by it, and those of others by the first', async () => {
    const keyset = await load([...DEFAULT, { name: 'zot', algorithm: 'ES256' }]);
    const signer = createSigner(keyset, [
      { service: 'a', header: 'kid' },
      { service: 'b', header: 'kid-rfc7638', signingKey: 'zot' },
    ]);
    const kid = async (service: string): Promise<unknown> =>
      (
        JSON.parse(Buffer.from((await signer.sign(service, CLAIMS)).split('.')[0] ?? '', 'base64url').toString()) as {
          kid: string;
        }
      ).kid;

    expect([await kid('a'), await kid('b')]).toEqual([keyset[0].libtrustKeyId, keyset[1]?.thumbprint]);
  });

  it('can be verified with the published key set, which holds nothing private', async () => {
    const keyset = await load(DEFAULT);
    const { keys } = JSON.parse(jwks(keyset)) as { keys: Record<string, unknown>[] };

    expect(keys.map(({ kid }) => kid)).toEqual([keyset[0].libtrustKeyId, keyset[0].thumbprint]);
    for (const key of keys) expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });
});
