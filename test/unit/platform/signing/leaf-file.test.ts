/** Short-lived signing keys that an authority certifies. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { issueLeaf, makeAuthority } from '../../../../src/platform/signing/authority.ts';
import type { KeyAlgorithm } from '../../../../src/platform/signing/config.ts';
import { certificateBundle, jwks, loadKeys, reloadKeys } from '../../../../src/platform/signing/keyset.ts';
import { ensureLeaf, leafFile, readLeaf } from '../../../../src/platform/signing/leaf-file.ts';
import { readKey } from '../../../../src/platform/signing/read-key.ts';
import { recordingLog } from '../../../support/fakes.ts';
import { makeAuthority as makeForeignAuthority, makeCertificate, pkcs8 } from '../../../support/signing-certificate.ts';

const DAY = 86_400;
const KEY = { name: 'default', algorithm: 'ES256', authority: { leafLifetime: 7 * DAY } } as const;
let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'fairlead-leaf-'));
});
afterEach(() => rm(state, { recursive: true, force: true }));

const load = () => loadKeys([KEY], state, recordingLog());
const file = () => leafFile(KEY, state);
const authority = () =>
  readKey({ keyFile: join(state, 'keys/default@ca.pem'), certFile: join(state, 'keys/default@ca.crt') }, 'ES256');

/** Puts a key in place whose certificate is valid for so many seconds. */
async function plantLeaf(lifetime: number, by = authority()): Promise<void> {
  const { key, certificate } = await issueLeaf(await by, { algorithm: 'ES256', name: 'default', lifetime });
  await writeFile(file(), key + certificate, { mode: 0o600 });
}

describe.each(['ES256', 'RS256', 'EdDSA'] as const)('an authority of %s', (algorithm: KeyAlgorithm) => {
  it('certifies keys of the same algorithm, and can certify no authority', async () => {
    const [key] = await loadKeys([{ ...KEY, algorithm }], state, recordingLog());

    const [leaf, ...more] = key.chain;
    const [trusted] = key.trusted;
    expect(more).toEqual([]);
    expect(trusted?.subject).toBe('CN=Fairlead token CA default');
    expect([trusted?.ca, leaf?.ca]).toEqual([true, false]);
    expect(trusted !== undefined && leaf?.checkIssued(trusted)).toBe(true);
    expect(trusted !== undefined && leaf?.verify(trusted.publicKey)).toBe(true);
    expect(leaf?.checkPrivateKey(key.privateKey)).toBe(true);
  });
});

describe('a key that an authority certifies', () => {
  it('is in one file that only its owner can read, and registries trust the authority alone', async () => {
    const keyset = await load();

    expect((await stat(file())).mode & 0o777).toBe(0o600);
    const bundle = certificateBundle(keyset);
    expect(bundle).toBe(await readFile(join(state, 'keys/default@ca.crt'), 'utf8'));
    expect(jwks(keyset)).toContain(keyset[0].libtrustKeyId);
  });

  it('is valid for the configured time, and the end of the key is the end of its certificate', async () => {
    const [key] = await load();

    const left = key.end - Date.now() / 1000;
    expect(left).toBeGreaterThan(7 * DAY - 60);
    expect(left).toBeLessThanOrEqual(7 * DAY);
    expect(key.end - key.renewAt).toBe(3.5 * DAY);
  });

  it('stays the same while more than half of its time is left', async () => {
    const [first] = await load();

    const [second] = await load();

    expect(second.libtrustKeyId).toBe(first.libtrustKeyId);
  });

  it.each([
    ['less than half of its time is left', () => plantLeaf(3 * DAY)],
    ['the configured lifetime has become shorter', () => plantLeaf(30 * DAY)],
    ['its file is damaged', () => writeFile(file(), 'damaged')],
    ['its file is gone', () => rm(file())],
    [
      'another authority with the same name certified it',
      async () => {
        const other = await makeAuthority('ES256', 'default');
        const [keyFile, certFile] = [join(state, 'other.pem'), join(state, 'other.crt')];
        await writeFile(keyFile, other.key, { mode: 0o600 });
        await writeFile(certFile, other.certificate);
        await plantLeaf(7 * DAY, readKey({ keyFile, certFile }, 'ES256'));
      },
    ],
    [
      'the authority that certified it had the same key and another name',
      async () => {
        const key = createPrivateKey(await readFile(join(state, 'keys/default@ca.pem')));
        const certificate = await makeCertificate({ key, name: 'Fairlead token CA before', isAuthority: true });
        const [keyFile, certFile] = [join(state, 'keys/default@ca.pem'), join(state, 'before.crt')];
        await writeFile(certFile, certificate);
        await plantLeaf(7 * DAY, readKey({ keyFile, certFile }, 'ES256'));
      },
    ],
  ])('is replaced when %s', async (_when, plant) => {
    const [first] = await load();
    await plant();

    const [second] = await reloadKeys([KEY], state);

    expect(second.libtrustKeyId).not.toBe(first.libtrustKeyId);
    expect(second.end - Date.now() / 1000).toBeGreaterThan(7 * DAY - 60);
    const issuer = await authority();
    expect(second.chain[0]?.verify(issuer.publicKey)).toBe(true);
    expect(issuer.chain[0] !== undefined && second.chain[0]?.checkIssued(issuer.chain[0])).toBe(true);
  });

  it('never outlives its authority, and is not renewed again and again at the end of that', async () => {
    await load();
    const ca = await makeForeignAuthority('Fairlead token CA short');
    const [keyFile, certFile] = [join(state, 'ca.pem'), join(state, 'ca.crt')];
    await writeFile(keyFile, pkcs8(ca.key), { mode: 0o600 });
    await writeFile(certFile, ca.certificate);
    const paths = { keyFile: { path: keyFile }, certFile: { path: certFile } };
    const long = { ...KEY, authority: { ...paths, leafLifetime: 9000 * DAY } };

    const [key] = await loadKeys([long], state, recordingLog());

    expect(key.end).toBe(Math.floor(new X509Certificate(ca.certificate).validToDate.getTime() / 1000));
    expect(key.renewAt).toBe(Infinity);
  });

  it('is refused when the certificate is not that of an authority', async () => {
    await loadKeys([{ name: 'plain', algorithm: 'ES256' }], state, recordingLog());
    const [keyFile, certFile] = [join(state, 'keys/plain.pem'), join(state, 'keys/plain.crt')];
    const config = {
      ...KEY,
      authority: { keyFile: { path: keyFile }, certFile: { path: certFile }, leafLifetime: DAY },
    };

    await expect(loadKeys([config], state, recordingLog())).rejects.toThrow(
      `${certFile} is not the certificate of an authority; make one with fairlead keygen --authority`,
    );
  });

  it('stays in use when a new one is due and cannot be made', async () => {
    await load();
    await plantLeaf(3 * DAY);
    const found = await readLeaf(KEY, state);
    // Without its certificate, an authority certifies nothing.
    const broken = { ...(await authority()), chain: [] };

    const { leaf, failure } = await ensureLeaf(KEY, broken, state);

    expect(leaf.publicKey.equals(found.publicKey)).toBe(true);
    expect(failure).toMatchObject({ message: 'the authority default has no certificate' });
    await rm(file());
    await expect(ensureLeaf(KEY, broken, state)).rejects.toThrow('the authority default has no certificate');
  });
});
