/** The signing keys of a running broker, and what happens when their files change. */
import { X509Certificate } from 'node:crypto';
import { chmod, copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSigning } from '../../../src/app/signing-in-force.ts';
import { loadBroker } from '../../../src/config/load.ts';
import type { TokenClaims } from '../../../src/core/token.ts';
import { watchedFiles } from '../../../src/platform/signing/key-files.ts';
import { makeKey } from '../../../src/platform/signing/keygen.ts';
import { recordingLog } from '../../support/fakes.ts';
import { ecKey, makeAuthority, makeCertificate, pkcs8 } from '../../support/signing-certificate.ts';
import { CONFIG, SERVICE, workspace } from '../cli/workspace.ts';
import type { Workspace } from '../cli/workspace.ts';

const EXTERNAL = { keys: [{ name: 'own', keyFile: 'own.pem', certFile: 'own.crt' }] };
let files: Workspace;
const log = recordingLog();
/** How often the users of a signer were asked to drop the tokens of an earlier key. */
let replacements = 0;
beforeEach(async () => {
  files = await workspace();
  replacements = 0;
  await plantKey();
});
afterEach(() => files[Symbol.asyncDispose]());

async function plantKey(): Promise<void> {
  const { key, certificate } = await makeKey('ES256', 'own');
  await files.write('own.pem', key);
  await files.write('own.crt', certificate);
}

async function open(more: object) {
  await files.write('broker.yaml', JSON.stringify({ ...CONFIG, trustDir: 'trust', ...more }));
  return await openSigning((await loadBroker(files.config)).config, log, () => void (replacements += 1));
}

const claims = (exp: number): TokenClaims => ({
  iss: 'fairlead',
  sub: '',
  aud: SERVICE,
  exp,
  nbf: 0,
  iat: 0,
  jti: 'j',
  access: [],
});

async function certificateOfToken({ signer }: Awaited<ReturnType<typeof open>>): Promise<string> {
  const [header = ''] = (await signer.sign(SERVICE, claims(1))).split('.');
  const { x5c } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { readonly x5c: readonly string[] };
  return new X509Certificate(Buffer.from(x5c[0] ?? '', 'base64')).toString();
}

describe('the signing keys in use', () => {
  it('are replaced by those in the files, in the token, the key set and trustDir', async () => {
    const signing = await open(EXTERNAL);
    const before = signing.jwks();
    await plantKey();

    const fields = await signing.reloadable.reload();

    const certificate = await readFile(files.path('own.crt'), 'utf8');
    expect(await certificateOfToken(signing)).toBe(certificate);
    expect(signing.jwks()).not.toBe(before);
    expect(await readFile(files.path('trust/certificates.pem'), 'utf8')).toBe(certificate);
    expect(fields).toEqual({ signing: [expect.stringMatching(/^own \(/)] });
    expect(signing.state()).toEqual({ stale: false });
    expect(replacements).toBe(1);
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['the key is damaged', () => files.write('own.pem', 'damaged'), /own\.pem is not a private key/],
    [
      'only the key has been replaced yet',
      async () => files.write('own.pem', (await makeKey('ES256', 'own')).key),
      /own\.crt does not begin with the certificate of the key/,
    ],
    ['the certificate is empty', () => files.write('own.crt', ''), /own\.crt contains no certificate/],
    [
      'the key is of another algorithm',
      async () => files.write('own.pem', (await makeKey('EdDSA', 'own')).key),
      /does not fit ES256/,
    ],
    ['other users may write to the key', () => chmod(files.path('own.pem'), 0o606), /can be written by other users/],
  ])('stay as they were when %s', async (_when, plant, problem) => {
    const signing = await open(EXTERNAL);
    const [certificate, keySet] = [await certificateOfToken(signing), signing.jwks()];
    await plant();

    await expect(signing.reloadable.reload()).rejects.toThrow(problem);

    expect(await certificateOfToken(signing)).toBe(certificate);
    expect(signing.jwks()).toBe(keySet);
    expect(await readFile(files.path('trust/certificates.pem'), 'utf8')).toBe(certificate);
    expect(signing.state()).toEqual({ stale: true });
    expect(replacements).toBe(0);
    await plantKey();
    await chmod(files.path('own.pem'), 0o600);
    await signing.reloadable.reload();
    expect(signing.state()).toEqual({ stale: false });
  });

  it('are not used before registries can find them: a trustDir that cannot be written keeps the old keys', async () => {
    const signing = await open(EXTERNAL);
    const certificate = await certificateOfToken(signing);
    await plantKey();
    await files.write('broker.yaml', '');
    await rm(files.path('trust'), { recursive: true });
    await writeFile(files.path('trust'), 'a file');

    await expect(signing.reloadable.reload()).rejects.toThrow('cannot be written to trustDir');

    expect(await certificateOfToken(signing)).toBe(certificate);
  });

  it('are not made again when somebody has removed them', async () => {
    const signing = await open({});
    await copyFile(files.path('state/keys/default.crt'), files.path('copy.crt'));
    await rm(files.path('state/keys'), { recursive: true });

    await expect(signing.reloadable.reload()).rejects.toThrow('default.pem does not exist');

    expect(await certificateOfToken(signing)).toBe(await readFile(files.path('copy.crt'), 'utf8'));
  });

  it('watch the files of keys, authorities and records', async () => {
    const authority = { name: 'short', authority: {} };
    const own = { name: 'ca', authority: { keyFile: 'own.pem', certFile: 'own.crt' } };
    const { config } = await loadBrokerOf({ keys: [{ name: 'default' }, ...EXTERNAL.keys, authority, own] });

    const names = config.keys.map((key) =>
      watchedFiles(key, config.stateDir).map((path) => path.replace(`${files.folder}/`, '')),
    );
    expect(names).toEqual([
      ['state/keys/default.pem', 'state/keys/default.crt', 'state/keys/default.json'],
      ['own.pem', 'own.crt'],
      ['short@ca.pem', 'short@ca.crt', 'short@ca.json', 'short@leaf.pem'].map((name) => `state/keys/${name}`),
      ['own.pem', 'own.crt', 'state/keys/ca@leaf.pem'],
    ]);
  });
});

async function loadBrokerOf(more: object) {
  await files.write('broker.yaml', JSON.stringify({ ...CONFIG, ...more }));
  return await loadBroker(files.config);
}

describe('keys that an authority certifies', () => {
  it('are due when half of their lifetime is left', async () => {
    const { reloadable, certificateEnds } = await open({
      keys: [{ name: 'short', authority: { leafLifetime: '8h' } }],
    });

    const leaf = certificateEnds().find(({ certificate }) => certificate === 'leaf');
    const half = (leaf?.end ?? 0) - 4 * 3600;
    expect([half - 1, half, half + 1].map((now) => reloadable.isDue?.(now))).toEqual([false, true, true]);
  });

  it('are never due where there is no authority', async () => {
    const { reloadable } = await open(EXTERNAL);

    expect(reloadable.isDue?.(Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it('have two ends in the metrics: of what registries trust, and of the certificate that is renewed', async () => {
    const { certificateEnds } = await open({ keys: [{ name: 'short', authority: {} }, ...EXTERNAL.keys] });

    expect(certificateEnds().map(({ key, certificate }) => `${key} ${certificate}`)).toEqual([
      'short trusted',
      'short leaf',
      'own trusted',
    ]);
  });
});

describe('the time by which a short-lived certificate is renewed', () => {
  it('leaves a quarter of the lifetime where the broker renews it, and there is none for what it does not renew', async () => {
    const { certificateEnds } = await open({
      keys: [{ name: 'short', authority: { leafLifetime: '8h' } }, ...EXTERNAL.keys],
    });

    const left = certificateEnds().map(({ end, renewBy }) => (renewBy === undefined ? undefined : end - renewBy));
    expect(left).toEqual([undefined, 2 * 3600, undefined]);
  });

  it('leaves a twentieth of it where somebody else replaces the files', async () => {
    const authority = await makeAuthority('Fairlead token CA fleet');
    const key = ecKey();
    await files.write('ca.crt', authority.certificate);
    await files.write('own.pem', pkcs8(key));
    await files.write('own.crt', await makeCertificate({ key, authority, fromDays: -1, untilDays: 9 }));
    const { certificateEnds } = await open({ keys: [{ ...EXTERNAL.keys[0], caFile: 'ca.crt' }] });

    const [, leaf] = certificateEnds();
    expect((leaf?.end ?? 0) - (leaf?.renewBy ?? 0)).toBeCloseTo(12 * 3600, -1);
  });
});

describe('a token', () => {
  it('is not signed when it expires after the certificate, which registries verify', async () => {
    const { signer } = await open(EXTERNAL);
    const end = signer.endOf(SERVICE);

    await expect(signer.sign(SERVICE, claims(end + 1))).rejects.toMatchObject({ code: 'signing_unavailable' });
    expect(await signer.sign(SERVICE, claims(end))).toMatch(/^ey/);
  });

  it('may expire after the certificate where it names its key by id', async () => {
    const { signer } = await open({ ...EXTERNAL, services: { [SERVICE]: { key: { header: 'kid' } } } });

    expect(signer.endOf(SERVICE)).toBe(Infinity);
  });
});
