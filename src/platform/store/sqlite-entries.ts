/** The entries of all stores in one SQLite file. Everything here blocks, so it runs in a thread of its own. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLOutputValue, StatementSync } from 'node:sqlite';

/** What is asked of the thread: a method of `Entries` and what it takes. */
export type Question = {
  readonly [Method in keyof Entries]: {
    readonly method: Method;
    readonly argument: Parameters<Entries[Method]>[0];
  };
}[keyof Entries];

/** An entry on its way into a file. */
export interface Written {
  readonly store: string;
  readonly key: string;
  /** JSON. */
  readonly value: string;
  /** Epoch seconds at which it is no longer held. */
  readonly until: number;
  readonly now: number;
  /** The name of its group, and how many that may have; null: it has none. */
  readonly group: string | null;
  readonly most: number;
}

/** Where an entry is, and the epoch seconds at which it is asked for. */
export interface Asked {
  readonly store: string;
  readonly key: string;
  readonly now: number;
}

export interface Row {
  readonly key: string;
  readonly value: string;
}

export interface Entries {
  get(asked: Asked): string | undefined;
  put(written: Written): void;
  replace(written: Written): boolean;
  list(asked: Pick<Asked, 'store' | 'now'>): readonly Row[];
  removeAll(asked: Pick<Asked, 'store' | 'now'> & { readonly keys: readonly string[] }): number;
}

/** Another process that writes is through long before that. */
const BUSY_MS = 2000;
const VERSION = 1;

/** `place` tells the order of use: whatever is put or replaced gets the next one. */
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
 * Opens the file, or makes it, readable by its owner alone.
 *
 * @throws Error when it is no database, or one of a newer version
 */
export function openEntries(file: string): Entries & Disposable {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    // Readers and a writer do not wait for each other; and what is committed is on the disk, not only with the kernel.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    inTransaction(database, () => prepareSchema(database));
    return entriesOf(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepareSchema(database: DatabaseSync): void {
  const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
  if (version === VERSION) return;
  if (version !== 0) throw new Error(`it is of version ${String(version)}, and this program knows ${VERSION}`);
  database.exec(SCHEMA);
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
    list: ({ store, now }) =>
      list.all(store, now).map((row) => ({ key: textOf(row['key']) ?? '', value: textOf(row['value']) ?? '' })),
    removeAll: ({ store, keys, now }) =>
      inTransaction(database, () => {
        purge.run(now);
        return keys.reduce((removed, key) => removed + changes(remove, store, key, now), 0);
      }),
    [Symbol.dispose]: () => database.close(),
  };
}

function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  // Not deferred: a transaction that begins by reading could not write once somebody else has.
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
