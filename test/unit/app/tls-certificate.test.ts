/** The certificate and key of the TLS listener, before they are used. */
import 'reflect-metadata';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509CertificateGenerator } from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTlsCertificate } from '../../../src/app/tls-certificate.ts';

const DAY_MS = 24 * 3600 * 1000;
const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

interface Pair {
  readonly cert: string;
  readonly key: string;
}

async function makePair(fromDays: number, toDays: number): Promise<Pair> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: [{ CN: ['localhost'] }],
      notBefore: new Date(Date.now() + fromDays * DAY_MS),
      notAfter: new Date(Date.now() + toDays * DAY_MS),
      signingAlgorithm: P256,
      keys: {
        publicKey: publicKey.toCryptoKey(P256, true, ['verify']),
        privateKey: privateKey.toCryptoKey(P256, true, ['sign']),
      },
    },
    webcrypto,
  );
  return { cert: certificate.toString('pem'), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
}

describe('the TLS certificate', () => {
  let folder: string;
  let good: Pair;
  let other: Pair;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-tls-'));
    good = await makePair(-1, 90);
    other = await makePair(-1, 90);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function read({ cert, key }: Pair) {
    const certFile = { path: join(folder, 'tls.crt') };
    const keyFile = { path: join(folder, 'tls.key') };
    await writeFile(certFile.path, cert);
    await writeFile(keyFile.path, key);
    return readTlsCertificate({ certFile, keyFile });
  }

  it('is read with its chain and the time of its expiry', async () => {
    const cert = `${good.cert}\n${other.cert}`;

    const certificate = await read({ cert, key: good.key });

    expect(certificate).toMatchObject({ cert, key: good.key, warnings: [] });
    expect(certificate.expiresAt).toBeCloseTo((Date.now() + 90 * DAY_MS) / 1000, -2);
  });

  it.each([
    [
      'an empty certificate',
      () => ({ ...good, cert: '' }),
      /tls\.crt is empty; write the new file elsewhere and rename/,
    ],
    ['a certificate of white space', () => ({ ...good, cert: ' \n' }), /tls\.crt is empty/],
    ['an empty key', () => ({ ...good, key: '' }), /tls\.key is empty/],
    [
      'text that is no certificate',
      () => ({ ...good, cert: 'garbage' }),
      /tls\.crt has no valid certificate in PEM; put/,
    ],
    [
      'half a certificate',
      () => ({ ...good, cert: good.cert.slice(0, 200) }),
      /tls\.crt has no valid certificate in PEM/,
    ],
    [
      'a certificate with wrong content',
      () => ({ ...good, cert: good.cert.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA') }),
      /tls\.crt has no valid certificate in PEM/,
    ],
    [
      'text that is no key',
      () => ({ ...good, key: 'garbage' }),
      /tls\.key has no private key in PEM without a passphrase/,
    ],
    ['a certificate in place of the key', () => ({ ...good, key: good.cert }), /tls\.key has no private key in PEM/],
    [
      'the certificate of another key',
      () => ({ ...good, cert: other.cert }),
      /tls\.crt is not the certificate of the key/,
    ],
    [
      'a chain that begins with its issuer',
      () => ({ ...good, cert: `${other.cert}\n${good.cert}` }),
      /own certificate first/,
    ],
  ])('is refused with %s, and the error names the file and says what to do', async (_what, pair, message) => {
    const refused = read(pair());

    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow(/error:[0-9A-F]{8}|PEM routines|asn1|BEGIN/);
  });

  it('is refused when a file is missing, with its path', async () => {
    const files = { certFile: { path: join(folder, 'none.crt') }, keyFile: { path: join(folder, 'tls.key') } };

    await expect(readTlsCertificate(files)).rejects.toThrow(
      /none\.crt cannot be read \(no such file\); correct the path/,
    );
  });

  it.each([
    ['has expired', -10, -1, /tls\.crt \(CN=localhost\) expired on .*: clients refuse the connection; renew it/],
    ['expires soon', -10, 3, /expires on .*: renew it/],
    ['is not valid yet', 2, 90, /is not valid before .*: clients refuse it/],
  ])('is used with a warning when it %s', async (_what, from, to, warning) => {
    const { warnings } = await read(await makePair(from, to));

    expect(warnings).toEqual([expect.stringMatching(warning)]);
  });

  it('is refused when OpenSSL does not accept it for TLS', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 512 });
    const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const certificate = await X509CertificateGenerator.createSelfSigned(
      {
        name: [{ CN: ['localhost'] }],
        notAfter: new Date(Date.now() + 90 * DAY_MS),
        signingAlgorithm: rsa,
        keys: {
          publicKey: weak.publicKey.toCryptoKey(rsa, true, ['verify']),
          privateKey: weak.privateKey.toCryptoKey(rsa, true, ['sign']),
        },
      },
      webcrypto,
    );
    const key = weak.privateKey.export({ type: 'pkcs8', format: 'pem' });

    await expect(read({ cert: certificate.toString('pem'), key })).rejects.toThrow(/cannot be used for TLS; make a/);
  });
});
