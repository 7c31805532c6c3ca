/** What the broker writes for registries. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyConfig } from '../../../../src/platform/signing/config.ts';
import { jwks, loadKeys } from '../../../../src/platform/signing/keyset.ts';
import type { Keyset } from '../../../../src/platform/signing/keyset.ts';
import { trustPaths, writeTrustFiles } from '../../../../src/platform/signing/trust-files.ts';
import { recordingLog } from '../../../support/fakes.ts';

let folder = '';
let umask = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-trust-'));
  umask = process.umask(0o077);
});
afterEach(async () => {
  process.umask(umask);
  await rm(folder, { recursive: true, force: true });
});

const A: KeyConfig = { name: 'a', algorithm: 'ES256' };
const B: KeyConfig = { name: 'b', algorithm: 'EdDSA' };
const keysOf = (...configs: readonly KeyConfig[]): Promise<Keyset> => loadKeys(configs, folder, recordingLog());
const trust = (): string => join(folder, 'public/trust');
const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
const certificates = (text: string): number => text.split('BEGIN CERTIFICATE').length - 1;

describe('the folder for registries', () => {
  it('holds a bundle, a key set and a certificate for each key, readable by everybody, and no private key', async () => {
    const keys = await keysOf(A, B);

    await writeTrustFiles(keys, trust());

    const { bundle, keySet, certificate } = trustPaths(trust());
    expect((await readdir(trust())).toSorted()).toEqual(['a.crt', 'b.crt', 'certificates.pem', 'jwks.json']);
    expect(certificates(await readFile(bundle, 'utf8'))).toBe(2);
    expect(await readFile(keySet, 'utf8')).toBe(`${jwks(keys)}\n`);
    expect(await readFile(certificate('a'), 'utf8')).toBe(keys[0].chain[0]?.toString());
    for (const name of await readdir(trust())) {
      const text = await readFile(join(trust(), name), 'utf8');
      expect(text).not.toContain('PRIVATE');
      expect(text).not.toMatch(/"d":/);
    }
    // The control: the modes do not come from the umask, which denies others everything.
    await writeFile(join(folder, 'control'), '', { mode: 0o644 });
    expect(await modeOf(join(folder, 'control'))).toBe('600');
    expect(await modeOf(trust())).toBe('755');
    for (const path of [bundle, keySet, certificate('a')]) expect(await modeOf(path)).toBe('644');
  });

  it('is written when the keys change, and not otherwise', async () => {
    const { bundle, keySet } = trustPaths(trust());
    await writeTrustFiles(await keysOf(A), trust());
    const first = (await stat(bundle)).ino;

    expect(await writeTrustFiles(await keysOf(A), trust())).toEqual([]);
    expect((await stat(bundle)).ino).toBe(first);

    const written = await writeTrustFiles(await keysOf(A, B), trust());
    expect(written).toEqual([bundle, keySet, join(trust(), 'b.crt')]);
    expect(certificates(await readFile(bundle, 'utf8'))).toBe(2);
    // Another file under the same name: a registry that reads meanwhile reads one or the other.
    expect((await stat(bundle)).ino).not.toBe(first);
  });

  it('leaves the mode of a folder that exists, and files that are not its own', async () => {
    await mkdir(trust(), { recursive: true });
    await chmod(trust(), 0o750);
    await writeFile(join(trust(), 'other.pem'), 'other');

    await writeTrustFiles(await keysOf(A), trust());

    expect(await modeOf(trust())).toBe('750');
    expect(await readFile(join(trust(), 'other.pem'), 'utf8')).toBe('other');
  });

  it('is named in the error when it cannot be written', async () => {
    await writeFile(join(folder, 'public'), 'a file');

    await expect(writeTrustFiles(await keysOf(A), trust())).rejects.toThrow(`trustDir (${trust()})`);
  });
});
