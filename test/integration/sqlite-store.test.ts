import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/ports.ts';
import type { ListableStore } from '../../src/core/store.ts';
import { openSqlite } from '../../src/platform/store/sqlite.ts';
import type { Records } from '../../src/platform/store/records.ts';
import { startThread } from '../../src/platform/store/sqlite-thread.ts';
import type { SqliteThread } from '../../src/platform/store/sqlite-thread.ts';
import { groupOf, listableStoreContract } from '../contract/store.ts';
import type { Item } from '../contract/store.ts';
import { fixedClock } from '../support/fakes.ts';

let folder: string;
let files = 0;
const newFile = (): string => join(folder, `${(files += 1)}`, 'fairlead.db');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-sqlite-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function decode(json: unknown): Item | undefined {
  const item = json as Partial<Item> | null;
  return typeof item?.owner === 'string' && typeof item.text === 'string'
    ? { owner: item.owner, text: item.text }
    : undefined;
}

const itemsIn = (file: Records, clock: Clock, name = 'items'): ListableStore<Item> =>
  file.store<Item>({ name, clock, decode, groupOf });

listableStoreContract('SQLite', async (clock) => {
  const file = await openSqlite(newFile());
  return { ...itemsIn(file, clock), [Symbol.asyncDispose]: () => file[Symbol.asyncDispose]() };
});

describe('an SQLite file', () => {
  const clock = fixedClock();
  const ITEM: Item = { owner: 'alice', text: 'kept' };

  it('keeps its entries when it is opened again', async () => {
    const path = newFile();
    {
      await using first = await openSqlite(path);
      await itemsIn(first, clock).put('k', ITEM, 60);
    }

    await using second = await openSqlite(path);

    expect(await itemsIn(second, clock).get('k')).toEqual(ITEM);
  });

  it('shows immediately what another process puts and removes', async () => {
    const path = newFile();
    await using mine = await openSqlite(path);
    await using theirs = await openSqlite(path);
    const [here, there] = [itemsIn(mine, clock), itemsIn(theirs, clock)];

    await there.put('k', ITEM, 60);
    const seen = await here.get('k');
    await there.remove('k');

    expect(seen).toEqual(ITEM);
    expect(await here.get('k')).toBeUndefined();
    expect(await here.replace('k', ITEM, 60)).toBe(false);
  });

  it('keeps the entries of its stores separate', async () => {
    await using file = await openSqlite(newFile());
    const [one, two] = [itemsIn(file, clock, 'one'), itemsIn(file, clock, 'two')];
    await one.put('k', ITEM, 60);

    await two.removeAll(['k']);

    expect(await two.list()).toEqual([]);
    expect(await one.list()).toHaveLength(1);
  });

  it('is readable by its owner only, and so are the other files of SQLite', async () => {
    const path = newFile();
    await using file = await openSqlite(path);
    await itemsIn(file, clock).put('k', ITEM, 60);

    const names = await readdir(join(path, '..'));
    const modes = await Promise.all(names.map(async (name) => (await stat(join(path, '..', name))).mode & 0o777));

    expect(names.length).toBeGreaterThan(1);
    expect(new Set(modes)).toEqual(new Set([0o600]));
  });

  it('drops expired entries when an entry is put, so that it does not grow', async () => {
    const path = newFile();
    const passing = fixedClock();
    await using file = await openSqlite(path);
    const items = itemsIn(file, passing);
    await items.put('old', { owner: 'bob', text: 'old' }, 10);
    passing.advance(10);

    await items.put('new', ITEM, 10);

    const reader = new DatabaseSync(path, { readOnly: true });
    const keys = reader.prepare('SELECT key FROM entries').all();
    reader.close();
    expect(keys).toMatchObject([{ key: 'new' }]);
  });

  it('treats a value that it cannot read as missing', async () => {
    const path = newFile();
    await using file = await openSqlite(path);
    const items = itemsIn(file, clock);
    for (const key of ['broken', 'other', 'good']) await items.put(key, { owner: key, text: 'a' }, 60);
    const editor = new DatabaseSync(path);
    editor.exec(`UPDATE entries SET value = '{"owner":' WHERE key = 'broken'`);
    editor.exec(`UPDATE entries SET value = '{"owner":1}' WHERE key = 'other'`);
    editor.close();

    const held = [await items.get('broken'), await items.get('other')];

    expect(held).toEqual([undefined, undefined]);
    expect((await items.list()).map(({ key }) => key)).toEqual(['good']);
  });

  it('is unavailable while another process locks it, and works again afterwards', async () => {
    const path = newFile();
    await using file = await openSqlite(path);
    const items = itemsIn(file, clock);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');

    const refused = await items.put('k', ITEM, 60).catch((error: unknown) => error);
    const read = await items.get('k');
    other.exec('ROLLBACK');
    other.close();
    await items.put('k', ITEM, 60);

    expect(refused).toMatchObject({
      code: 'records_unavailable',
      message: `the embedded store ${path}: database is locked`,
    });
    expect(read).toBeUndefined();
    expect(await items.get('k')).toEqual(ITEM);
  });

  it('is refused by name when it is not a database, or has a newer version', async () => {
    const [text, newer] = [newFile(), newFile()];
    {
      await using made = await openSqlite(newer);
      await itemsIn(made, clock).put('k', ITEM, 60);
    }
    await openSqlite(text).then((made) => made[Symbol.asyncDispose]());
    await writeFile(text, 'this is no database, whatever its name says: '.repeat(100));
    const editor = new DatabaseSync(newer);
    editor.exec('PRAGMA user_version = 2');
    editor.close();

    await expect(openSqlite(text)).rejects.toThrow(
      `${text} cannot be used as the embedded store: file is not a database`,
    );
    await expect(openSqlite(newer)).rejects.toThrow(
      `${newer} cannot be used as the embedded store: the file has version 2, this program supports 1; a newer Fairlead wrote it: start that version again, or restore a backup from before the upgrade`,
    );
  });

  it('is served by exactly one new thread after its thread has failed', async () => {
    const path = newFile();
    const threads: SqliteThread[] = [];
    await using file = await openSqlite(path, async (name) => {
      const thread = await startThread(name);
      threads.push(thread);
      return thread;
    });
    const items = itemsIn(file, clock);
    await items.put('k', ITEM, 60);
    await threads[0]?.close();

    const found = await Promise.all([items.get('k'), items.get('k')]);

    expect(found).toEqual([ITEM, ITEM]);
    expect(threads).toHaveLength(2);
  });

  it('refuses calls after it was closed', async () => {
    const file = await openSqlite(newFile());
    const items = itemsIn(file, clock);

    await file[Symbol.asyncDispose]();

    await expect(items.get('k')).rejects.toMatchObject({ code: 'records_unavailable' });
    await expect(file[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });
});
