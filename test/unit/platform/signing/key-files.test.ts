import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyConfig } from '../../../../src/platform/signing/config.ts';
import { ensureKey } from '../../../../src/platform/signing/key-files.ts';
import { loadKeys, readKeys } from '../../../../src/platform/signing/keyset.ts';
import { recordingLog } from '../../../support/fakes.ts';
import { runOk } from '../../../support/process.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-keys-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const KEY: KeyConfig = { name: 'default', algorithm: 'ES256' };
const DEFAULT: readonly KeyConfig[] = [KEY];
const load = (configs = DEFAULT, log = recordingLog()) => loadKeys(configs, folder, log);
const path = (name: string): string => join(folder, 'keys', name);
const files = async (): Promise<readonly string[]> => (await readdir(join(folder, 'keys'))).toSorted();

describe('a key on the first start', () => {
  it('is made with its certificate, readable by its owner only', async () => {
    const before = process.umask(0);
    await load().finally(() => process.umask(before));

    const mode = async (name: string): Promise<string> => ((await stat(path(name))).mode & 0o777).toString(8);
    expect([await mode(''), await mode('default.pem'), await mode('default.crt')]).toEqual(['700', '600', '644']);
    expect(await files()).toEqual(['default.crt', 'default.pem']);
  });

  it('is logged with the certificate that registries need', async () => {
    const log = recordingLog();

    const [{ libtrustKeyId: kid }] = await load(DEFAULT, log);

    expect(log.lines).toEqual([
      {
        level: 'info',
        message: 'signing key made: fairlead registry-config prints what registries need',
        fields: { key: 'default', algorithm: 'ES256', kid, certificate: path('default.crt') },
      },
    ]);
  });

  it('is the same for brokers that start at the same time, and no draft is left', async () => {
    const keyset = new URL('../../../../src/platform/signing/keyset.ts', import.meta.url);
    const program = `
      const { loadKeys } = await import(${JSON.stringify(keyset)});
      const log = { info() {}, warn() {} };
      const [key] = await loadKeys(${JSON.stringify(DEFAULT)}, ${JSON.stringify(folder)}, log);
      console.log(key.libtrustKeyId, key.chain[0].fingerprint256);`;
    const brokers = Array.from({ length: 4 }, () =>
      runOk(process.execPath, ['--input-type=module', '--eval', program]),
    );

    const answers = new Set(await Promise.all(brokers));

    const [key] = await load();
    expect([...answers]).toEqual([`${key.libtrustKeyId} ${key.chain[0]?.fingerprint256}\n`]);
    expect(await files()).toEqual(['default.crt', 'default.pem']);
  });

  it('is the same for concurrent loads in one process', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => load()));

    expect(new Set(all.map(([key]) => key.libtrustKeyId)).size).toBe(1);
    expect(await files()).toEqual(['default.crt', 'default.pem']);
  });

  it('is not made by a command that only reads keys', async () => {
    await expect(readKeys(DEFAULT, folder)).rejects.toThrow(`${path('default.pem')} does not exist`);

    expect(await readdir(folder)).toEqual([]);
  });
});

describe('an existing key', () => {
  it('is the same on every other start, and so are its files', async () => {
    const [first] = await load();
    const before = await Promise.all((await files()).map((name) => readFile(path(name), 'utf8')));

    const [second] = await load();

    expect(second.libtrustKeyId).toBe(first.libtrustKeyId);
    expect(await Promise.all((await files()).map((name) => readFile(path(name), 'utf8')))).toEqual(before);
  });

  it('whose certificate is lost is an error, and is never replaced', async () => {
    await load();
    await unlink(path('default.crt'));
    const before = await readFile(path('default.pem'), 'utf8');

    await expect(ensureKey(KEY, folder, 50)).rejects.toThrow(
      /without its certificate .*default\.crt: restore the certificate, or remove the key/,
    );
    expect(await readFile(path('default.pem'), 'utf8')).toBe(before);
    expect(await files()).toEqual(['default.pem']);
  });

  it('is never overwritten, even when it is damaged', async () => {
    await mkdir(join(folder, 'keys'));
    await writeFile(path('default.pem'), 'damaged', { mode: 0o600 });
    await writeFile(path('default.crt'), 'damaged too');

    await expect(load()).rejects.toThrow(`${path('default.pem')} is not a private key`);
    expect(await readFile(path('default.pem'), 'utf8')).toBe('damaged');
  });

  it('that others can read is accepted with a warning', async () => {
    await load();
    await chmod(path('default.pem'), 0o640);
    const log = recordingLog();

    await load(DEFAULT, log);

    expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        message: `${path('default.pem')} can be read by others than its owner; run chmod 600 on it`,
        fields: { key: 'default' },
      },
    ]);
  });
});
