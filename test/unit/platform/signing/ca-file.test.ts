/** Keys whose certificate an authority elsewhere renews. */
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyFiles, watchedFiles } from '../../../../src/platform/signing/key-files.ts';
import { certificateBundle, checkKeys, loadKeys, reloadKeys } from '../../../../src/platform/signing/keyset.ts';
import { recordingLog } from '../../../support/fakes.ts';
import { ecKey, makeAuthority, makeCertificate, pkcs8 } from '../../../support/signing-certificate.ts';
import type { Authority } from '../../../support/signing-certificate.ts';

const OWN = 'Fairlead token CA fleet';
const DAY = 86_400;
let folder: string;
let authority: Authority;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-ca-file-'));
  authority = await makeAuthority(OWN);
  await writeFile(path('ca.crt'), authority.certificate);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const path = (name: string): string => join(folder, name);
const config = () => ({
  name: 'default',
  algorithm: 'ES256' as const,
  keyFile: { path: path('tls.key') },
  certFile: { path: path('tls.crt') },
  caFile: { path: path('ca.crt') },
});

/** Writes a key with its certificate by an authority, and then such certificates. */
async function plantLeaf(by: Authority, chain = '', untilDays = 7): Promise<void> {
  const key = ecKey();
  await writeFile(path('tls.key'), pkcs8(key), { mode: 0o600 });
  await writeFile(path('tls.crt'), (await makeCertificate({ key, authority: by, untilDays })) + chain);
}

async function intermediateOf(root: Authority, name: string): Promise<Authority> {
  const key = ecKey();
  return { key, name, certificate: await makeCertificate({ key, name, authority: root, isAuthority: true }) };
}

const load = () => loadKeys([config()], folder, recordingLog());

describe('a key with a caFile', () => {
  it('makes registries trust the authority alone, and tokens carry the leaf alone', async () => {
    await plantLeaf(authority, authority.certificate);

    const keyset = await load();

    expect(certificateBundle(keyset)).toBe(authority.certificate);
    expect(keyset[0].chain).toHaveLength(1);
    expect(keyset[0].isCertified).toBe(true);
  });

  it('ends with the first certificate on the path to the authority', async () => {
    await plantLeaf(authority);
    const [short] = await load();

    await plantLeaf(authority, '', 9000);
    const [long] = await reloadKeys([config()], folder);

    expect(short.end - Date.now() / 1000).toBeCloseTo(7 * DAY, -2);
    expect(long.end - Date.now() / 1000).toBeCloseTo(365 * DAY, -2);
  });

  it('is used until the end of the later certificate of an authority that was renewed with its key', async () => {
    const { key, name } = authority;
    const expired = await makeCertificate({ key, name, isAuthority: true, fromDays: -30, untilDays: -1 });
    await writeFile(path('ca.crt'), expired + authority.certificate);
    await plantLeaf(authority);

    const [loaded] = await load();

    expect(loaded.end - Date.now() / 1000).toBeCloseTo(7 * DAY, -2);
    await writeFile(path('ca.crt'), expired);
    await expect(load()).rejects.toThrow('expired on');
  });

  it('keeps the intermediate certificates in its tokens', async () => {
    const intermediate = await intermediateOf(authority, 'Fairlead token CA site');
    await plantLeaf(intermediate, intermediate.certificate);

    const [key] = await load();

    expect(key.chain.map(({ subject }) => subject)).toEqual(['CN=token signing key', 'CN=Fairlead token CA site']);
    expect(certificateBundle([key])).toBe(authority.certificate);
  });

  it('can be in one file with its certificate, as the template of Vault Agent writes it', async () => {
    await plantLeaf(authority);
    const [key, certificate] = await Promise.all(['tls.key', 'tls.crt'].map((name) => readFile(path(name), 'utf8')));
    await writeFile(path('signing.pem'), `\n${key}\n${certificate}\n\n`, { mode: 0o640 });
    const file = { path: path('signing.pem') };

    const [loaded] = await loadKeys([{ ...config(), keyFile: file, certFile: file }], folder, recordingLog());

    expect(loaded.chain[0]?.toString()).toBe(certificate);
    expect(certificateBundle([loaded])).toBe(authority.certificate);
  });

  it('can have two authorities while one replaces the other', async () => {
    const next = await makeAuthority(OWN);
    await appendFile(path('ca.crt'), next.certificate);
    await plantLeaf(next);

    const [key] = await load();

    expect(certificateBundle([key])).toBe(authority.certificate + next.certificate);
  });

  it.each([
    ['another authority of the same name certified it', async () => plantLeaf(await makeAuthority(OWN))],
    [
      'the intermediate certificate is missing',
      async () => plantLeaf(await intermediateOf(authority, 'Fairlead token CA site')),
    ],
    [
      'the certificate that certified it is not that of an authority',
      async () => {
        const key = ecKey();
        const certificate = await makeCertificate({ key, name: OWN });
        await writeFile(path('ca.crt'), certificate);
        await plantLeaf({ key, name: OWN, certificate });
      },
    ],
  ])('is refused when %s', async (_when, plant) => {
    await plant();

    await expect(load()).rejects.toThrow(
      `${path('tls.crt')} is not certified by a certificate in ${path('ca.crt')}: put the certificate of the authority there`,
    );
  });

  it('is refused when the certificate of the authority has expired', async () => {
    const key = ecKey();
    const certificate = await makeCertificate({ key, name: OWN, isAuthority: true, fromDays: -9, untilDays: -1 });
    await writeFile(path('ca.crt'), certificate);
    await plantLeaf({ key, name: OWN, certificate });

    await expect(load()).rejects.toThrow(/ca\.crt \(CN=Fairlead token CA fleet\) expired on/);
  });

  it('is not reported for its short life, and is for an authority that Fairlead does not own', async () => {
    await plantLeaf(authority, '', 1);
    expect(await checkKeys([config()], folder)).toEqual([]);

    const company = await makeAuthority('Example Company Root');
    await writeFile(path('ca.crt'), company.certificate);
    await plantLeaf(company);

    expect(await checkKeys([config()], folder)).toEqual([
      expect.stringMatching(/ca\.crt has the certificate of an authority \(CN=Example Company Root\)/),
    ]);
  });

  it('has a caFile that is watched, backed up and checked for its owner as the other files are', async () => {
    const files = ['tls.key', 'tls.crt', 'ca.crt'].map(path);

    expect(watchedFiles(config(), folder)).toEqual(files);
    expect(await keyFiles(config(), folder)).toEqual(files);
  });
});
