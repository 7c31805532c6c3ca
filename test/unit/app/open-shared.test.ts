/** The files of the shared store, as a broker reads them at start and at each connection. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeAddress } from '../../../src/app/open-shared.ts';
import { FilePath } from '../../../src/backends/fields.ts';
import { makeAuthority, makeCertificate } from '../../support/signing-certificate.ts';

const URLS = [{ host: 'valkey.example.com', port: 6379, isTls: true, database: 0 }];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-shared-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<FilePath> {
  const path = join(folder, name);
  await writeFile(path, text);
  return new FilePath(path);
}

async function keyPair() {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = key.export({ type: 'pkcs8', format: 'pem' });
  return { pem, certificate: await makeCertificate({ key }) };
}

describe('the address of the shared store', () => {
  it('has all authorities, and the client certificate with its key', async () => {
    const [one, other, own] = [await makeAuthority('one'), await makeAuthority('other'), await keyPair()];
    const { tls } = await storeAddress({
      urls: URLS,
      tls: {
        caFile: await file('ca.pem', `${one.certificate}${other.certificate}`),
        certFile: await file('own.pem', own.certificate),
        keyFile: await file('own.key', own.pem),
      },
    });

    expect(tls.ca?.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(tls).toMatchObject({ cert: own.certificate, key: own.pem });
  });

  it('is refused with the name of a file that has no certificate', async () => {
    const caFile = await file('empty.pem', 'not a certificate\n');

    await expect(storeAddress({ urls: URLS, tls: { caFile } })).rejects.toThrow(/empty\.pem: expected certificates/);
  });

  it('is refused with the names of a certificate and a key that do not belong together', async () => {
    const certFile = await file('first.pem', (await keyPair()).certificate);
    const keyFile = await file('second.key', (await keyPair()).pem);

    await expect(storeAddress({ urls: URLS, tls: { certFile, keyFile } })).rejects.toThrow(
      /first\.pem and .*second\.key/,
    );
  });

  it('reads the password as it is now, without the newline at its end', async () => {
    const passwordFile = await file('password', 'first \n');
    const { readPassword } = await storeAddress({ urls: URLS, passwordFile });
    const before = await readPassword?.();
    await file('password', 'the second\n');

    expect([before, await readPassword?.()]).toEqual(['first ', 'the second']);
  });

  it('gives no password when the file is empty', async () => {
    const { readPassword } = await storeAddress({ urls: URLS, passwordFile: await file('none', '\n') });

    await expect(readPassword?.()).rejects.toThrow(/none is empty/);
  });
});
