/** `fairlead keys`: the steps of a rotation, and what each refuses. */
import { X509Certificate } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { retireKey } from '../../../src/app/key-rotation.ts';
import { loadBroker } from '../../../src/config/load.ts';
import { announcedKeys } from '../../../src/platform/signing/announced.ts';
import { readGenerations } from '../../../src/platform/signing/generations.ts';
import { loadKeys, readKeys } from '../../../src/platform/signing/keyset.ts';
import { recordingLog } from '../../support/fakes.ts';
import { CONFIG, workspace } from './workspace.ts';
import type { CommandResult, Workspace } from './workspace.ts';

interface Listed {
  readonly id: string;
  readonly state: string;
  readonly trustFiles: readonly string[];
}

let files: Workspace;
afterEach(() => files[Symbol.asyncDispose]());

/** A broker that has run once. */
async function broker(more: object = {}): Promise<void> {
  files = await workspace({ 'broker.yaml': JSON.stringify({ ...CONFIG, trustDir: 'trust', ...more }) });
  await start();
}

async function start() {
  const { config } = await loadBroker(files.config);
  return await loadKeys(config.keys, config.stateDir, recordingLog());
}

const keys = (...args: readonly string[]): Promise<CommandResult> =>
  files.fairlead(['keys', ...args, '--config', files.config]);

async function listed(): Promise<readonly string[]> {
  const { stdout } = await keys('list', '--format', 'json');
  return (JSON.parse(stdout) as { keys: readonly Listed[] }).keys.map(({ id, state }) => `${id} ${state}`);
}

async function trustFilesOf(id: string): Promise<readonly string[] | undefined> {
  const { stdout } = await keys('list', '--format', 'json');
  return (JSON.parse(stdout) as { keys: readonly Listed[] }).keys.find((key) => key.id === id)?.trustFiles;
}

/** Moves the record back in time. */
async function age(seconds: number, name = 'default'): Promise<void> {
  const record = files.path(`state/keys/${name}.json`);
  const { generations } = JSON.parse(await readFile(record, 'utf8')) as { generations: { since?: string }[] };
  const aged = generations.map((generation) =>
    generation.since === undefined
      ? generation
      : { ...generation, since: new Date(Date.parse(generation.since) - seconds * 1000).toISOString() },
  );
  await writeFile(record, JSON.stringify({ generations: aged }));
}

async function rotate(): Promise<void> {
  await keys('announce');
  await keys('activate', '--after', '0s');
}

describe('a rotation', () => {
  beforeEach(() => broker());

  it('leads a key from announced to signing, and its predecessor from previous to retired', async () => {
    expect(await listed()).toEqual(['default signing']);

    expect(await keys('announce')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^announced default@2: /) });
    expect(await listed()).toEqual(['default signing', 'default@2 announced']);
    await age(3601);
    expect(await keys('activate')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^default@2 signs now; /) });
    expect(await listed()).toEqual(['default previous', 'default@2 signing']);
    await age(901 + 120);
    expect(await keys('retire')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^retired default: /) });
    expect(await listed()).toEqual(['default retired', 'default@2 signing']);
  });

  it('has every key in the trust files from its announcement until it is retired', async () => {
    await keys('announce');
    const all = ['certificates.pem', 'jwks.json', 'default.crt'];
    expect([await trustFilesOf('default'), await trustFilesOf('default@2')]).toEqual([all, all]);
    await keys('activate', '--after', '0s');
    expect([await trustFilesOf('default'), await trustFilesOf('default@2')]).toEqual([all, all]);
    await keys('retire', '--force');
    expect([await trustFilesOf('default'), await trustFilesOf('default@2')]).toEqual([[], all]);
  });

  it('puts the certificate of the key that signs first: zot reads one alone', async () => {
    await rotate();

    // The first certificate of a file is what X509Certificate reads.
    const first = await readFile(files.path('trust/default.crt'));
    expect(new X509Certificate(first).fingerprint256).toBe(
      new X509Certificate(await readFile(files.path('state/keys/default@2.crt'))).fingerprint256,
    );
  });

  it('keeps every key on the disk until somebody asks for its removal', async () => {
    await rotate();
    expect((await keys('retire', '--force')).stdout).toContain('state/keys/default.pem state/keys/default.crt');
    expect(await readdir(files.path('state/keys'))).toContain('default.pem');

    expect((await keys('retire', 'default', '--delete-files')).code).toBe(0);

    expect((await readdir(files.path('state/keys'))).toSorted()).toEqual([
      'default.json',
      'default@2.crt',
      'default@2.pem',
    ]);
    const [key] = await start();
    expect(key.id).toBe('default@2');
  });

  it('can go back to the previous key at once', async () => {
    await rotate();

    expect((await keys('activate', 'default')).code).toBe(0);

    expect(await listed()).toEqual(['default signing', 'default@2 previous']);
  });

  it('can be cancelled: an announced key that never signed is retired at once', async () => {
    await keys('announce');

    expect((await keys('retire', 'default@2')).code).toBe(0);
    expect((await keys('announce')).stdout).toMatch(/^announced default@3: /);

    expect(await listed()).toEqual(['default signing', 'default@2 retired', 'default@3 announced']);
  });
});

describe('a step of a rotation is refused', () => {
  beforeEach(() => broker());

  async function expectRefused(code: number, problem: RegExp, ...args: readonly string[]): Promise<void> {
    const before = await listed();
    const result = await keys(...args);
    expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(problem) });
    expect(await listed()).toEqual(before);
  }

  it('when a key is activated before registries have had the time to restart, unless it is forced', async () => {
    await keys('announce');
    await age(3500);

    await expectRefused(1, /^fairlead: default@2 was announced at .*: restart each registry/, 'activate');
    await expectRefused(1, /was announced at/, 'activate', '--after', '1d');
    expect((await keys('activate', '--force')).code).toBe(0);
  });

  it('when the announced key is not in trustDir, so that no registry can trust it', async () => {
    await keys('announce');
    await age(3601);
    await rm(files.path('trust/certificates.pem'));

    await expectRefused(1, /trust\/certificates\.pem does not have default@2/, 'activate');
  });

  it('when the key to activate is damaged', async () => {
    await keys('announce');
    await files.write('state/keys/default@2.pem', 'damaged');

    await expectRefused(2, /default@2\.pem is not a private key/, 'activate', '--force');
  });

  it('when a key is retired whose tokens may still be valid, unless it is forced', async () => {
    await rotate();

    await expectRefused(1, /^fairlead: default signed tokens that are valid until /, 'retire');
    expect((await keys('retire', '--force')).code).toBe(0);
  });

  it('until the longest token has expired, with the grace of a minute and the leeway of registries', async () => {
    await rotate();
    const { config } = await loadBroker(files.config);
    const [key] = config.keys;
    if (key === undefined) throw new Error('no key is configured');
    const [previous] = await readGenerations(key, config.stateDir);
    const retireAfter = (seconds: number) =>
      retireKey(
        { config, key, now: (previous?.since ?? 0) + seconds },
        { id: 'default', isForced: false, deletesFiles: false },
      );

    await expect(retireAfter(900 + 60 + 60 - 1)).rejects.toThrow('default signed tokens that are valid until');
    await retireAfter(900 + 60 + 60);
    expect(await listed()).toEqual(['default retired', 'default@2 signing']);
  });

  it('when the key that signs is to be retired, even by force', async () => {
    await expectRefused(1, /^fairlead: default signs: activate another/, 'retire', 'default', '--force');
  });

  it('when a retired key is to sign again, which registries do not trust any more', async () => {
    await rotate();
    await keys('retire', '--force');

    await expectRefused(1, /^fairlead: default is retired/, 'activate', 'default', '--force');
  });

  it.each([
    ['a key is announced already', 1, /^fairlead: default@2 is announced already/, ['announce']],
    ['there is no such key', 2, /there is no key "other"; expected one of default/, ['announce', 'other']],
    [
      'there is no such generation',
      2,
      /there is no generation default@9; expected one of default/,
      ['activate', 'default@9'],
    ],
    ['no key is previous', 2, /no key is previous/, ['retire']],
    ['the time cannot be parsed', 2, /--after soon: expected a duration/, ['activate', '--after', 'soon']],
    ['the key has no authority', 2, /the key default has no authority/, ['renew']],
  ] as const)('when %s', async (_when, code, problem, args) => {
    await keys('announce');

    await expectRefused(code, problem, ...args);
  });

  it('when the broker has never run, so that there is no key', async () => {
    await rm(files.path('state'), { recursive: true });

    await expectRefused(2, /there are no keys in .*state: start the broker first/, 'announce');
  });

  it('when the files of the key belong to the operator', async () => {
    await files.fairlead(['keygen', '--name', 'own', '--dir', files.folder]);
    const own = { name: 'own', keyFile: 'own.pem', certFile: 'own.crt' };
    await files.write('broker.yaml', JSON.stringify({ ...CONFIG, keys: [own] }));

    await expectRefused(2, /the files of the key own are in keyFile and certFile: replace them/, 'announce');
  });
});

describe('the authority of a key', () => {
  beforeEach(() => broker({ keys: [{ name: 'default', authority: {} }] }));

  it('certifies a key that can be replaced at any time, without a change of the trust files', async () => {
    const { config } = await loadBroker(files.config);
    const [before] = await readKeys(config.keys, config.stateDir);
    expect(await listed()).toEqual(['default@ca issuing', 'default@leaf signing']);

    expect(await keys('renew')).toMatchObject({ code: 0, stdout: 'renewed default@leaf\n' });

    const [after] = await readKeys(config.keys, config.stateDir);
    expect(after.libtrustKeyId).not.toBe(before.libtrustKeyId);
    expect(after.trusted.map(String)).toEqual(before.trusted.map(String));
  });

  it('is rotated by the same steps, and the broker then signs with a key of the new authority', async () => {
    await keys('announce');
    expect(await trustFilesOf('default@ca@2')).toEqual(['certificates.pem', 'default.crt']);
    await keys('activate', '--after', '0s');

    const [key] = await start();

    expect(await listed()).toEqual(['default@ca previous', 'default@ca@2 issuing', 'default@leaf signing']);
    const authority = new X509Certificate(await readFile(files.path('state/keys/default@ca@2.crt')));
    expect(key.chain[0]?.verify(authority.publicKey)).toBe(true);
  });

  it('can certify a key for a trial while it is announced, and no file changes', async () => {
    await keys('announce');
    const before = await readdir(files.path('state/keys'));
    const { config } = await loadBroker(files.config);

    const [trial] = await announcedKeys(config.keys, config.stateDir);

    const authority = new X509Certificate(await readFile(files.path('state/keys/default@ca@2.crt')));
    expect(trial?.id).toBe('default@ca@2');
    expect(trial?.chain[0]?.verify(authority.publicKey)).toBe(true);
    expect(await readdir(files.path('state/keys'))).toEqual(before);
  });
});

it('a key that no service uses is published', async () => {
  await broker({ keys: [{ name: 'default' }, { name: 'next' }] });

  expect(await listed()).toEqual(['default signing', 'next published']);
});

it('the list of a broker that never ran has the keys it will make', async () => {
  await broker();
  await rm(files.path('state'), { recursive: true });

  expect(await listed()).toEqual(['default signing']);
});

it('registry-config names the certificates of all generations where there is no trustDir', async () => {
  await broker({ trustDir: undefined });
  await keys('announce');

  const { stderr } = await files.fairlead(['registry-config', '--config', files.config]);

  expect(stderr).toContain('cat state/keys/default.crt state/keys/default@2.crt > /etc/distribution/fairlead.crt');
});

it('keygen makes an authority that several brokers can share', async () => {
  await broker();

  const { stdout } = await files.fairlead(['keygen', '--authority', '--name', 'ca', '--dir', files.folder]);

  expect(stdout).toContain(
    `authority: { keyFile: ${files.folder}/ca.pem, certFile: ${files.folder}/ca.crt }`.replaceAll(
      `${files.folder}/`,
      '',
    ),
  );
  expect(new X509Certificate(await readFile(files.path('ca.crt'))).ca).toBe(true);
});

describe('keygen --leaf-of', () => {
  const make = (...args: readonly string[]) =>
    files.fairlead(['keygen', '--leaf-of', files.path('ca'), '--name', 'leaf', '--dir', files.folder, ...args]);
  const days = ({ validToDate }: X509Certificate): number => (validToDate.getTime() - Date.now()) / 86_400_000;
  const leaf = async (): Promise<X509Certificate> => new X509Certificate(await readFile(files.path('leaf.crt')));

  beforeEach(async () => {
    files = await workspace();
    await files.fairlead(['keygen', '--authority', '--name', 'ca', '--dir', files.folder]);
  });

  it('makes a key that a broker uses with the authority as caFile', async () => {
    const { stdout } = await make();

    expect(stdout).toContain('keyFile: leaf.pem, certFile: leaf.crt, caFile: ca.crt }');
    expect(days(await leaf())).toBeCloseTo(7, 1);
    const own = { name: 'leaf', keyFile: 'leaf.pem', certFile: 'leaf.crt', caFile: 'ca.crt' };
    await files.write('broker.yaml', JSON.stringify({ ...CONFIG, keys: [own] }));
    expect(await listed()).toEqual(['leaf@ca issuing', 'leaf signing']);
    expect(await files.fairlead(['check', '--config', files.config])).toMatchObject({ code: 0, stderr: '' });
    const { stdout: block } = await files.fairlead(['registry-config', '--config', files.config]);
    expect(block).toContain('rootcertbundle: "ca.crt"');
  });

  it('overwrites the files of an earlier key with --replace alone', async () => {
    await make();
    const first = await leaf();

    expect(await make()).toMatchObject({ code: 2, stderr: expect.stringMatching(/leaf\.pem exists/) });
    expect((await leaf()).fingerprint256).toBe(first.fingerprint256);

    expect(await make('--replace', '--lifetime', '1d')).toMatchObject({ code: 0 });
    expect(days(await leaf())).toBeCloseTo(1, 1);
    expect((await leaf()).fingerprint256).not.toBe(first.fingerprint256);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['the authority does not exist', ['--leaf-of', 'none'], /none\.pem does not exist; make the authority/],
    ['the authority is a key', ['--leaf-of', 'leaf'], /leaf\.crt is not the certificate of an authority/],
    ['the lifetime is longer than 90 days', ['--lifetime', '1y', '--replace'], /--lifetime 1y: expected a duration/],
    ['an authority is to be made at the same time', ['--authority'], /'--leaf-of <path>' cannot be used with/],
  ])('is refused when %s', async (_when, args, message) => {
    await make();

    const { code, stderr } = await make(...args.map((arg) => (/^(?:none|leaf)$/.test(arg) ? files.path(arg) : arg)));

    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('is what --replace needs: other keys are never overwritten', async () => {
    const { code, stderr } = await files.fairlead(['keygen', '--authority', '--name', 'ca', '--replace']);

    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(/--replace: expected with/) });
  });
});
