/** Copies of the SQLite file, made while others use it. */
import { copyFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backUpEntries } from '../../../../src/platform/store/sqlite-backup.ts';
import { openEntries } from '../../../../src/platform/store/sqlite-entries.ts';

let folder = '';
let store = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-backup-'));
  store = join(folder, 'fairlead.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const entry = (key: string) =>
  ({ store: 'items', key, value: '"kept"', until: 100, now: 1, group: null, most: 0 }) as const;
const valueIn = (file: string, key: string): string | undefined => {
  using entries = openEntries(file);
  return entries.get({ store: 'items', key, now: 1 });
};

describe('a backup', () => {
  it('holds what is committed while the store is open, in a file for its owner only', () => {
    using entries = openEntries(store);
    entries.put(entry('a'));
    entries.put(entry('b'));
    const target = join(folder, 'copy.db');
    const umask = process.umask(0);
    const { entries: count } = backUpEntries(store, target);
    process.umask(umask);
    // The control: a copy of the file alone holds none of it, which is in the write-ahead log.
    copyFileSync(store, join(folder, 'file-alone.db'));

    expect(count).toBe(2);
    expect(valueIn(target, 'b')).toBe('"kept"');
    expect(valueIn(join(folder, 'file-alone.db'), 'b')).toBeUndefined();
    expect((statSync(target).mode & 0o777).toString(8)).toBe('600');
  });

  it('leaves the store usable, and out of the copy what is committed later', () => {
    using entries = openEntries(store);
    entries.put(entry('a'));
    const target = join(folder, 'copy.db');

    backUpEntries(store, target);
    entries.put(entry('later'));

    expect(entries.get({ store: 'items', key: 'later', now: 1 })).toBe('"kept"');
    expect(valueIn(target, 'later')).toBeUndefined();
  });

  it('overwrites nothing', () => {
    openEntries(store)[Symbol.dispose]();
    const target = join(folder, 'precious');
    writeFileSync(target, 'precious');

    expect(() => backUpEntries(store, target)).toThrow(`${target} exists and is not overwritten`);
    expect(statSync(target).size).toBe('precious'.length);
  });

  it.each([
    ['there is no store', () => undefined, /is not there: the broker has stored nothing yet/],
    ['the store is no database', () => writeFileSync(store, 'x'.repeat(5000)), /not a database/],
    ['the store is of another program', () => new DatabaseSync(store).close(), /version 0.*Fairlead did not write it/],
    [
      'the store is of a newer version',
      () => {
        openEntries(store)[Symbol.dispose]();
        using database = new DatabaseSync(store);
        database.exec('PRAGMA user_version = 9');
      },
      /version 9, this program supports 1; a newer Fairlead wrote it/,
    ],
  ])('is not written when %s', (_what, make, message) => {
    make();
    const target = join(folder, 'copy.db');

    expect(() => backUpEntries(store, target)).toThrow(message);
    expect(readdirSync(folder)).not.toContain('copy.db');
  });
});

it('a store that is closed while another process has it open leaves nothing in the write-ahead log', () => {
  const entries = openEntries(store);
  using other = new DatabaseSync(store, { readOnly: true });
  other.prepare('SELECT count(*) FROM entries').get();
  entries.put(entry('a'));
  expect(statSync(`${store}-wal`).size).toBeGreaterThan(0);

  entries[Symbol.dispose]();

  expect(statSync(`${store}-wal`).size).toBe(0);
  copyFileSync(store, join(folder, 'file-alone.db'));
  expect(valueIn(join(folder, 'file-alone.db'), 'a')).toBe('"kept"');
});
