/** The record of the generations of a key. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  changeGenerations,
  nextId,
  readGenerations,
  recordFile,
} from '../../../../src/platform/signing/generations.ts';
import type { GenerationEntry } from '../../../../src/platform/signing/generations.ts';

const KEY = { name: 'default', algorithm: 'ES256' } as const;
const SIGNING = { id: 'default', state: 'signing', since: undefined } as const;
let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'fairlead-generations-'));
  await mkdir(join(state, 'keys'));
});
afterEach(() => rm(state, { recursive: true, force: true }));

const writeRecord = (text: string): Promise<void> => writeFile(recordFile(KEY, state), text);
const change = (entries: readonly GenerationEntry[]) => changeGenerations(KEY, state, async () => entries);
const states = async (): Promise<readonly string[]> =>
  (await readGenerations(KEY, state)).map(({ id, state: of }) => `${id} ${of}`);

describe('the record of a key', () => {
  it('is not needed for a key that was never rotated', async () => {
    expect(await readGenerations(KEY, state)).toEqual([
      { ...SIGNING, keyFile: join(state, 'keys/default.pem'), certFile: join(state, 'keys/default.crt') },
    ]);
  });

  it('is text that a person can read, and is read as it was written', async () => {
    await change([
      { id: 'default', state: 'previous', since: 1_800_000_000 },
      { id: 'default@2', state: 'signing', since: 1_800_000_000 },
    ]);

    expect(JSON.parse(await readFile(recordFile(KEY, state), 'utf8'))).toEqual({
      generations: [
        { id: 'default', state: 'previous', since: '2027-01-15T08:00:00.000Z' },
        { id: 'default@2', state: 'signing', since: '2027-01-15T08:00:00.000Z' },
      ],
    });
    expect(await states()).toEqual(['default previous', 'default@2 signing']);
  });

  it('is an error when it is lost although the key was rotated: the first generation may be retired', async () => {
    await writeFile(join(state, 'keys/default@2.pem'), '');

    await expect(readGenerations(KEY, state)).rejects.toThrow(/default\.json is missing, .*restore the record/);
  });

  it.each([
    ['no JSON', '{'],
    ['no list', '{}'],
    ['no generation that signs', '{"generations":[{"id":"default","state":"retired"}]}'],
    ['two that sign', '{"generations":[{"id":"default","state":"signing"},{"id":"default@2","state":"signing"}]}'],
    ['one generation twice', '{"generations":[{"id":"default","state":"signing"},{"id":"default","state":"retired"}]}'],
    ['an id that leaves the folder', '{"generations":[{"id":"default@/../../x","state":"signing"}]}'],
    ['the id of another key', '{"generations":[{"id":"other@2","state":"signing"}]}'],
    ['the id of an authority', '{"generations":[{"id":"default@ca","state":"signing"}]}'],
    ['a state of another version', '{"generations":[{"id":"default","state":"resting"}]}'],
    ['a time that cannot be parsed', '{"generations":[{"id":"default","state":"signing","since":"yesterday"}]}'],
    ['null', '{"generations":[null]}'],
  ])('is refused with %s, and the message names the file', async (_what, text) => {
    await writeRecord(text);

    await expect(readGenerations(KEY, state)).rejects.toThrow(/default\.json is not a record of generations: /);
  });

  it('is changed by one command at a time', async () => {
    const { promise: blocked, resolve: goOn } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const slow = changeGenerations(KEY, state, async () => {
      begin();
      await blocked;
      return [SIGNING];
    });
    await begun;

    await expect(change([SIGNING])).rejects.toThrow(/another command is changing the key default; .*remove .*draft/);
    goOn();
    await slow;
    await change([SIGNING, { id: 'default@2', state: 'announced', since: 1 }]);
    expect(await states()).toEqual(['default signing', 'default@2 announced']);
  });

  it('stays as it was when a change fails, and the next command can change it', async () => {
    await change([SIGNING]);

    await expect(changeGenerations(KEY, state, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');

    expect(await states()).toEqual(['default signing']);
    expect(await readdir(join(state, 'keys'))).toEqual(['default.json']);
  });
});

describe('the id of a new generation', () => {
  it('is greater than every earlier one, and never that of files that exist', async () => {
    expect(await nextId(KEY, state, [SIGNING])).toBe('default@2');
    expect(await nextId(KEY, state, [SIGNING, { id: 'default@7', state: 'retired', since: 1 }])).toBe('default@8');
    await writeFile(join(state, 'keys/default@2.pem'), '');
    expect(await nextId(KEY, state, [SIGNING])).toBe('default@3');
  });
});
