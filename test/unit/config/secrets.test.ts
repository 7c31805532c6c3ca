import { chmod, rename, rm, symlink, utimes } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SecretRef } from '../../../src/backends/fields.ts';
import { createSecrets } from '../../../src/config/secrets.ts';
import { writtenFiles } from './written-files.ts';
import type { WrittenFiles } from './written-files.ts';

let files: WrittenFiles;
beforeEach(async () => {
  files = await writtenFiles();
});
afterEach(async () => {
  await files[Symbol.asyncDispose]();
});

async function read(source: ReturnType<ReturnType<typeof createSecrets>>): Promise<string> {
  return (await source.read()).reveal();
}

/** Root may read anything: the work is done as nobody. Anybody else stays who they are. */
async function asNobody<Result>(work: () => Promise<Result>): Promise<Result> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

const fromFile = (path: string) => createSecrets({})(new SecretRef({ file: path }));

describe('a secret in a file', () => {
  it.each([
    ['s3cret', 's3cret'],
    ['s3cret\n', 's3cret'],
    ['s3cret\r\n', 's3cret'],
    ['s3cret\n\n', 's3cret\n'],
    [' s3cret \n', ' s3cret '],
    ['pässwörd', 'pässwörd'],
  ])('loses exactly one newline at its end: %j', async (content, expected) => {
    expect(await read(fromFile(await files.write('secret', content)))).toBe(expected);
  });

  it('is read again when the file changes', async () => {
    const path = await files.write('secret', 'first');
    const source = fromFile(path);
    const before = await read(source);

    await files.write('secret', 'secnd');

    expect([before, await read(source)]).toEqual(['first', 'secnd']);
  });

  it('is read again when the file is replaced by one of the same size and time', async () => {
    const time = new Date(1_700_000_000_000);
    const path = await files.write('secret', 'first');
    await utimes(path, time, time);
    const source = fromFile(path);
    const before = await read(source);

    const other = await files.write('other', 'secnd');
    await utimes(other, time, time);
    await rename(other, path);

    expect([before, await read(source)]).toEqual(['first', 'secnd']);
  });

  it('is read again when a symbolic link is swapped, as Kubernetes does', async () => {
    await files.write('v1/secret', 'first');
    await files.write('v2/secret', 'secnd');
    await symlink('v1', files.path('current'));
    const source = fromFile(files.path('current/secret'));
    const before = await read(source);

    await symlink('v2', files.path('next'));
    await rename(files.path('next'), files.path('current'));

    expect([before, await read(source)]).toEqual(['first', 'secnd']);
  });

  it('stays the same while the file does not change', async () => {
    const source = fromFile(await files.write('secret', 'same'));

    const reads = [await source.read(), await source.read()];

    expect(reads.map((secret) => secret.reveal())).toEqual(['same', 'same']);
  });

  it.each([
    ['is empty', '', /^the secret file .*secret is empty$/],
    ['holds a newline alone', '\n', /^the secret file .*secret is empty$/],
    ['is too large', 'x'.repeat(64 * 1024 + 1), /^the secret file .*secret is larger than 65536 bytes$/],
    ['is not text', Uint8Array.of(0x70, 0xff), /^the secret file .*secret is not UTF-8 text$/],
  ])('is unusable when the file %s', async (_how, content, message) => {
    const source = fromFile(await files.write('secret', content));

    await expect(source.read()).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(message),
    });
  });

  it('may have the largest size', async () => {
    expect(await read(fromFile(await files.write('secret', 'x'.repeat(64 * 1024))))).toHaveLength(64 * 1024);
  });

  it('is unusable while the file is missing, and usable when it is back', async () => {
    const path = await files.write('secret', 'first');
    const source = fromFile(path);
    await source.read();

    await rm(path);
    await expect(source.read()).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/^the secret file .*secret cannot be read \(no such file\)$/),
    });

    await files.write('secret', 'back');
    expect(await read(source)).toBe('back');
  });

  it('is unusable when it names a folder', async () => {
    await expect(fromFile(files.folder).read()).rejects.toThrow(/is not a regular file$/);
  });

  it('is unusable without permission to read it', async () => {
    const path = await files.write('secret', 'first');
    await chmod(path, 0);

    await expect(asNobody(() => fromFile(path).read())).rejects.toThrow(
      /cannot be read \(permission denied to user \d+\)$/,
    );
  });
});

describe('a secret in the environment', () => {
  it('is read at each use', async () => {
    const env = { TOKEN: 'first' };
    const source = createSecrets(env)(new SecretRef({ env: 'TOKEN' }));
    const before = await read(source);

    env.TOKEN = 'second';

    expect([before, await read(source)]).toEqual(['first', 'second']);
  });

  it.each([{}, { TOKEN: '' }])('is unusable when it is not set or empty: %j', async (env) => {
    const source = createSecrets(env)(new SecretRef({ env: 'TOKEN' }));

    await expect(source.read()).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: 'the environment variable TOKEN is not set',
    });
  });
});
