/** The entries of all stores in an SQLite file, to be copied elsewhere. Everything here blocks. */
import { existsSync, renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StoredEntry } from './records.ts';
import { COMMAND_BUSY_MS, requireVersion } from './sqlite-entries.ts';

/**
 * The entries that have not expired, the least recently used first.
 *
 * @param now epoch seconds
 * @throws Error when the file is not there, or not a database of this version
 */
export function readEntries(file: string, now: number): readonly StoredEntry[] {
  if (!existsSync(file)) throw new Error(`${file} is not there: the broker has stored nothing in a file`);
  using database = new DatabaseSync(file, { timeout: COMMAND_BUSY_MS });
  requireVersion(database, file);
  const rows = database
    .prepare('SELECT store, key, value, family, until FROM entries WHERE until > ? ORDER BY place')
    .all(now);
  // What is in the write-ahead log only moves into the file, which is renamed next.
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  return rows.map(({ store, key, value, family, until }) => ({
    store: String(store),
    key: String(key),
    value: String(value),
    group: typeof family === 'string' ? family : null,
    until: Number(until),
  }));
}

/** The name of a file that is out of use. @throws Error when there is a file of that name */
export function retiredName(file: string): string {
  const retired = `${file}.copied`;
  if (existsSync(retired)) throw new Error(`${retired} exists and is not overwritten; move it away`);
  return retired;
}

/** Puts a file out of use. @returns its new name @throws Error when that is not possible */
export function retireEntries(file: string): string {
  const retired = retiredName(file);
  renameSync(file, retired);
  return retired;
}
