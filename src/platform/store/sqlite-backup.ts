/** A copy of the SQLite file while a broker uses it. Everything here blocks. */
import { closeSync, existsSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { codeOf } from '../../core/system-error.ts';
import { COMMAND_BUSY_MS, requireVersion } from './sqlite-entries.ts';

/**
 * Writes what is committed at one moment into a file of its own, readable by its owner only, and reads it back.
 *
 * @returns how many entries the copy holds, expired ones included
 * @throws Error when the target exists, or the source is not a database of this version
 */
export function backUpEntries(source: string, target: string): { readonly entries: number } {
  if (!existsSync(source)) throw new Error(`${source} is not there: the broker has stored nothing yet`);
  createEmpty(target);
  try {
    copy(source, target);
    flush(target);
    return { entries: countVerified(target) };
  } catch (error) {
    rmSync(target, { force: true });
    throw error;
  }
}

/** SQLite copies into an empty file, and keeps its mode. */
function createEmpty(target: string): void {
  try {
    closeSync(openSync(target, 'wx', 0o600));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new Error(`${target} exists and is not overwritten; choose another name`, { cause: error });
  }
}

function copy(source: string, target: string): void {
  using database = new DatabaseSync(source, { readOnly: true, timeout: COMMAND_BUSY_MS });
  requireVersion(database, source);
  // One read transaction: what others commit meanwhile is not in the copy, and what they have committed is, also where
  // it is in the write-ahead log only.
  database.prepare('VACUUM INTO ?').run(target);
}

function flush(target: string): void {
  const file = openSync(target, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function countVerified(target: string): number {
  using database = new DatabaseSync(target, { readOnly: true });
  requireVersion(database, target);
  const verdict = database.prepare('PRAGMA integrity_check').get()?.['integrity_check'];
  if (verdict !== 'ok') throw new Error(`${target} is damaged: ${String(verdict)}`);
  return Number(database.prepare('SELECT count(*) AS entries FROM entries').get()?.['entries']);
}
