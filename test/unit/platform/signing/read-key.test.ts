import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readKey } from '../../../../src/platform/signing/read-key.ts';
import {
  ecKey,
  ecKeyWithLeadingZero,
  makeAuthority,
  makeCertificate,
  namedEcKey,
  pkcs8,
} from '../../../support/signing-certificate.ts';

let folder: string;
let keyFile: string;
let certFile: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-keys-'));
  keyFile = join(folder, 'token.pem');
  certFile = join(folder, 'token.crt');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const writeKey = (pem: string): Promise<void> => writeFile(keyFile, pem, { mode: 0o600 });
const bare = () => ({ keyFile, certFile: undefined });
const both = () => ({ keyFile, certFile });

describe('a private key', () => {
  const ec = namedEcKey();
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ed25519 = generateKeyPairSync('ed25519').privateKey;

  it.each([
    ['PKCS#8, EC', 'ES256', pkcs8(ec), ec],
    ['SEC1', 'ES256', ec.export({ type: 'sec1', format: 'pem' }), ec],
    ['PKCS#8, RSA', 'RS256', pkcs8(rsa), rsa],
    ['PKCS#1', 'RS256', rsa.export({ type: 'pkcs1', format: 'pem' }), rsa],
    ['PKCS#8, Ed25519', 'EdDSA', pkcs8(ed25519), ed25519],
  ] as const)('is read as %s', async (_form, algorithm, pem, key) => {
    await writeKey(pem);

    const loaded = await readKey(bare(), algorithm);

    expect(loaded.privateKey.equals(key)).toBe(true);
    expect(loaded.chain).toEqual([]);
    expect(loaded.warnings).toEqual([]);
  });

  it.each([
    ['another kind', 'ES256', pkcs8(ed25519), 'an EC key on P-256'],
    [
      'another curve',
      'ES256',
      pkcs8(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey),
      'an EC key on P-256',
    ],
    [
      'too few bits',
      'RS256',
      pkcs8(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey),
      'an RSA key of 2048 bits or more',
    ],
    ['no signatures', 'EdDSA', pkcs8(generateKeyPairSync('x25519').privateKey), 'an Ed25519 key'],
  ] as const)('of %s is refused', async (_what, algorithm, pem, wanted) => {
    await writeKey(pem);

    await expect(readKey(bare(), algorithm)).rejects.toThrow(
      `${keyFile} contains a key that does not fit ${algorithm}: expected ${wanted}`,
    );
  });

  it.each([
    ['text', 'swordfish'],
    [
      'a passphrase',
      ec.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'swordfish' }) + 'swordfish',
    ],
  ])('is refused when it is %s, and the error quotes nothing of it', async (_what, content) => {
    await writeKey(content);

    const error = await readKey(bare(), 'ES256').catch((reason: unknown) => reason);

    expect(String(error)).toBe(
      `Error: ${keyFile} is not a private key in PEM (PKCS#8, PKCS#1 or SEC1) without a passphrase`,
    );
    expect((error as Error).cause).toBeUndefined();
  });

  it('whose thumbprint distribution 3.1 computes wrongly is accepted with a warning', async () => {
    await writeKey(pkcs8(ecKeyWithLeadingZero()));

    const { warnings } = await readKey(bare(), 'ES256');

    expect(warnings).toEqual([expect.stringContaining('with kid-rfc7638, give it the key set (jwks)')]);
  });
});

describe('a certificate', () => {
  const key = namedEcKey();
  beforeEach(() => writeKey(pkcs8(key)));

  it('is read with its chain, leaf first', async () => {
    const authority = await makeAuthority('test authority');
    await writeFile(certFile, (await makeCertificate({ key, authority })) + authority.certificate);

    const { chain } = await readKey(both(), 'ES256');

    expect(chain.map(({ subject }) => subject)).toEqual(['CN=token signing key', 'CN=test authority']);
  });

  it('causes a warning with an authority that may certify others, and none with one for Fairlead alone', async () => {
    const warningsWith = async (name: string): Promise<readonly string[]> => {
      const authority = await makeAuthority(name);
      await writeFile(certFile, (await makeCertificate({ key, authority })) + authority.certificate);
      return (await readKey(both(), 'ES256')).warnings;
    };

    expect(await warningsWith('Company CA')).toEqual([
      expect.stringMatching(/token\.crt has the certificate of an authority \(CN=Company CA\): .*for Fairlead alone/),
    ]);
    expect(await warningsWith('Fairlead token CA default')).toEqual([]);
  });

  it('that is far larger than a chain is refused before it is read', async () => {
    await writeFile(certFile, Buffer.alloc(1024 * 1024 + 1, '-'));

    await expect(readKey(both(), 'ES256')).rejects.toThrow(`${certFile} has 1048577 bytes, expected 1048576 at most`);
  });

  it('of another key is refused', async () => {
    await writeFile(certFile, await makeCertificate({ key: ecKey() }));

    await expect(readKey(both(), 'ES256')).rejects.toThrow(
      `${certFile} does not begin with the certificate of the key ${keyFile}`,
    );
  });

  it('that follows its authority in the file is refused', async () => {
    const authority = await makeAuthority('test authority');
    await writeFile(certFile, authority.certificate + (await makeCertificate({ key, authority })));

    await expect(readKey(both(), 'ES256')).rejects.toThrow(/does not begin with the certificate of the key/);
  });

  it.each([
    ['expired', { fromDays: -10, untilDays: -1 }, /token\.crt \(CN=token signing key\) expired on .*make a new/],
    ['not valid yet', { fromDays: 2 }, /token\.crt \(CN=token signing key\) is not valid before .*clock/],
  ])('that is %s is refused', async (_what, dates, sentence) => {
    await writeFile(certFile, await makeCertificate({ key, ...dates }));

    await expect(readKey(both(), 'ES256')).rejects.toThrow(sentence);
  });

  it('whose authority has expired is refused', async () => {
    const authority = await makeAuthority('test authority');
    const expired = await makeCertificate({ ...authority, isAuthority: true, fromDays: -10, untilDays: -1 });
    await writeFile(certFile, (await makeCertificate({ key, authority })) + expired);

    await expect(readKey(both(), 'ES256')).rejects.toThrow(/\(CN=test authority\) expired/);
  });

  it.each([
    [29, [expect.stringMatching(/token\.crt \(CN=token signing key\) expires on/)]],
    [31, []],
  ])('that expires in %i days is accepted, with a warning below 30', async (untilDays, warnings) => {
    await writeFile(certFile, await makeCertificate({ key, untilDays }));

    expect((await readKey(both(), 'ES256')).warnings).toEqual(warnings);
  });

  it.each([
    ['empty', '', 'contains no certificate in PEM'],
    [
      'damaged',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'contains something that is not a certificate in PEM',
    ],
  ])('file that is %s is refused', async (_what, content, sentence) => {
    await writeFile(certFile, content);

    await expect(readKey(both(), 'ES256')).rejects.toThrow(`${certFile} ${sentence}`);
  });

  it('file that does not exist is named in the error', async () => {
    await expect(readKey(both(), 'ES256')).rejects.toThrow(`${certFile} does not exist; add the certificate`);
  });
});
