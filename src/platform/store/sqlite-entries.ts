/** The entries of all stores in one SQLite file. Every call blocks, so this runs in a thread of its own. */
import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Replacement } from '../../core/store.ts';
import { makeFolderSync } from '../make-folder.ts';

/** A call to the thread: a method of `Entries` and its argument. */
export type Question = {
  readonly [Method in keyof Entries]: {
    readonly method: Method;
    readonly argument: Parameters<Entries[Method]>[0];
  };
}[keyof Entries];

/** An entry to write. */
export interface Written {
  readonly store: string;
  readonly key: string;
  /** JSON. */
  readonly value: string;
  /** Epoch seconds at which it expires. */
  readonly until: number;
  readonly now: number;
  /** The name of its group, which has at most `most` entries; null: no group. */
  readonly group: string | null;
  readonly most: number;
}

/** The place of an entry, and the present time in epoch seconds. */
interface Asked {
  readonly store: string;
  readonly key: string;
  readonly now: number;
}

/** A conditional write: `seen` is the JSON that must still be stored. */
interface Compared extends Written {
  readonly seen: string;
}

export interface Row {
  readonly key: string;
  readonly value: string;
}

export interface Entries {
  get(asked: Asked): string | undefined;
  put(written: Written): void;
  replace(written: Written): boolean;
  replaceIf(compared: Compared): Replacement;
  list(asked: Pick<Asked, 'store' | 'now'>): readonly Row[];
  removeAll(asked: Pick<Asked, 'store' | 'now'> & { readonly keys: readonly string[] }): number;
}

/** How long to wait for another process that writes. */
const BUSY_MS = 2000;
/** The same for a command: nobody else waits for it. */
export const COMMAND_BUSY_MS = 5000;
/** What `PRAGMA synchronous` answers for FULL. */
const SYNCHRONOUS_FULL = 2;
const VERSION = 1;

/** `place` is the order of use: an entry that is put or replaced gets the next place. */
const SCHEMA = `
  CREATE TABLE entries (
    place INTEGER PRIMARY KEY,
    store TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    family TEXT,
    until INTEGER NOT NULL,
    UNIQUE (store, key)
  ) STRICT;
  CREATE INDEX entries_by_family ON entries (store, family, place) WHERE family IS NOT NULL;
  CREATE INDEX entries_by_end ON entries (until);
  PRAGMA user_version = ${VERSION};`;

/**
 * Opens the file, or creates it, readable by its owner only.
 *
 * @throws Error when it is not a database, or one of a newer version
 */
export function openEntries(file: string): Entries & Disposable {
  makeFolderSync(dirname(file), 0o700);
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    // With WAL, readers and a writer do not wait for each other.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    requireDurability(database);
    inTransaction(database, () => prepareSchema(database));
    return entriesOf(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * INVARIANT: what is committed is on the disk, not only with the kernel, so that a power loss loses no token. SQLite
 * ignores a setting that it does not understand, so the setting is read back (sqlite.org/pragma.html#pragma_synchronous).
 */
function requireDurability(database: DatabaseSync): void {
  const level = database.prepare('PRAGMA synchronous').get()?.['synchronous'];
  if (level !== SYNCHRONOUS_FULL) throw new Error(`it cannot be written durably (synchronous is ${String(level)})`);
}

function prepareSchema(database: DatabaseSync): void {
  if (versionOf(database) === 0) database.exec(SCHEMA);
  requireVersion(database, 'the file');
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
}

/**
 * An older program must not write to a newer file: it would drop what it does not know.
 *
 * @param file its name in the message
 * @throws Error
 */
export function requireVersion(database: DatabaseSync, file: string): void {
  const version = versionOf(database);
  if (version === VERSION) return;
  const cure =
    version > VERSION
      ? 'a newer Fairlead wrote it: start that version again, or restore a backup from before the upgrade'
      : 'Fairlead did not write it';
  throw new Error(`${file} has version ${version}, this program supports ${VERSION}; ${cure}`);
}

function entriesOf(database: DatabaseSync): Entries & Disposable {
  const get = database.prepare('SELECT value FROM entries WHERE store = ? AND key = ? AND until > ?');
  const list = database.prepare('SELECT key, value FROM entries WHERE store = ? AND until > ? ORDER BY place');
  const insert = database.prepare(
    'INSERT OR REPLACE INTO entries (store, key, value, family, until) VALUES (?, ?, ?, ?, ?)',
  );
  const update = database.prepare(
    `UPDATE entries SET value = ?, until = ?, place = (SELECT max(place) + 1 FROM entries)
     WHERE store = ? AND key = ? AND until > ?`,
  );
  const purge = database.prepare('DELETE FROM entries WHERE until <= ?');
  const trim = database.prepare(
    `DELETE FROM entries WHERE place IN
     (SELECT place FROM entries WHERE store = ? AND family = ? ORDER BY place DESC LIMIT -1 OFFSET ?)`,
  );
  const remove = database.prepare('DELETE FROM entries WHERE store = ? AND key = ? AND until > ?');

  return {
    get: ({ store, key, now }) => textOf(get.get(store, key, now)?.['value']),
    put: ({ store, key, value, until, now, group, most }) =>
      inTransaction(database, () => {
        purge.run(now);
        insert.run(store, key, value, group, until);
        if (group !== null) trim.run(store, group, most);
      }),
    replace: ({ store, key, value, until, now }) => changes(update, value, until, store, key, now) > 0,
    replaceIf: ({ store, key, seen, value, until, now }) =>
      inTransaction(database, () => {
        const stored = textOf(get.get(store, key, now)?.['value']);
        if (stored === undefined) return 'missing';
        if (stored !== seen) return 'changed';
        update.run(value, until, store, key, now);
        return 'replaced';
      }),
    list: ({ store, now }) =>
      list.all(store, now).map((row) => ({ key: textOf(row['key']) ?? '', value: textOf(row['value']) ?? '' })),
    removeAll: ({ store, keys, now }) =>
      inTransaction(database, () => {
        purge.run(now);
        return keys.reduce((removed, key) => removed + changes(remove, store, key, now), 0);
      }),
    [Symbol.dispose]: () => {
      checkpoint(database);
      database.close();
    },
  };
}

/**
 * Moves what is committed from the write-ahead log into the file: whoever copies the file alone after a stop loses
 * nothing. SQLite does the same by itself only where no other process has the file open.
 */
function checkpoint(database: DatabaseSync): void {
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // A full disk: the log stays, complete, and the next start reads it.
  }
}

function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  // Not deferred: a transaction that begins by reading fails to write after another process has written.
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function changes(statement: StatementSync, ...values: readonly (string | number)[]): number {
  return Number(statement.run(...values).changes);
}

function textOf(value: SQLOutputValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
