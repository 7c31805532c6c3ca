import { mkdtempDisposable, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSecretMarks, secretMarkKeyFile } from '../../../src/platform/secret-marks.ts';

const folderFor = () => mkdtempDisposable(join(tmpdir(), 'fairlead-marks-'));

it('a mark is the same after a restart, different for another secret, and shows nothing of it', async () => {
  await using folder = await folderFor();
  const [before, after] = [createSecretMarks(folder.path), createSecretMarks(folder.path)];

  const mark = await before('plain-secret-1');

  expect(await after('plain-secret-1')).toBe(mark);
  expect(await after('plain-secret-2')).not.toBe(mark);
  expect(mark).not.toContain('plain');
});

it('a mark is different for another key', async () => {
  await using folder = await folderFor();
  const mark = await createSecretMarks(folder.path)('plain-secret-1');
  await rm(secretMarkKeyFile(folder.path));

  expect(await createSecretMarks(folder.path)('plain-secret-1')).not.toBe(mark);
});

it('brokers that start at the same time make one key, which only its owner can read', async () => {
  await using folder = await folderFor();
  const state = join(folder.path, 'state');

  const marks = await Promise.all(Array.from({ length: 8 }, () => createSecretMarks(state)('plain-secret-1')));

  expect(new Set(marks).size).toBe(1);
  expect(await readdir(state)).toEqual(['secret-marks.key']);
  expect((await stat(secretMarkKeyFile(state))).mode & 0o777).toBe(0o600);
  expect((await stat(state)).mode & 0o777).toBe(0o700);
});

it('a key that is cut short is an error that names the file, until it is restored', async () => {
  await using folder = await folderFor();
  await writeFile(secretMarkKeyFile(folder.path), 'short');
  const mark = createSecretMarks(folder.path);

  await expect(mark('plain-secret-1')).rejects.toThrow(`${secretMarkKeyFile(folder.path)} does not have 32 bytes`);
  await rm(secretMarkKeyFile(folder.path));

  expect(await mark('plain-secret-1')).toHaveLength(43);
});
