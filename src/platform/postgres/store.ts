/** The store contract in PostgreSQL: records that several brokers share. */
import { createHash } from 'node:crypto';
import type { Entry, ListableStore, Replacement } from '../../core/store.ts';
import { decoded } from '../store/records.ts';
import type { RecordsOptions } from '../store/records.ts';
import type { Answer, Query } from './connections.ts';
import { UnusableError } from './failures.ts';
import {
  EXISTS,
  GET,
  IS_STANDBY,
  LIST,
  LOCK_GROUP,
  PURGE,
  PUT,
  REMOVE,
  REPLACE,
  REPLACE_IF,
  TRIM,
} from './statements.ts';

export type Operation = 'get' | 'put' | 'replace' | 'list' | 'remove';

/** How a store reaches the database. All throw BrokerError `records_unavailable`. */
export interface Database {
  /** Statements that are transactions of their own. */
  read<T>(operation: Operation, work: (query: Query) => Promise<T>): Promise<T>;
  /** One transaction, which is durable when it returns. */
  write<T>(operation: Operation, work: (query: Query) => Promise<T>): Promise<T>;
}

const PAGE = 1000;

export function postgresStore<Value>(
  { name, clock, decode, groupOf }: RecordsOptions<Value>,
  { read, write }: Database,
): ListableStore<Value> {
  const end = (ttlSeconds: number): number => clock.now() + Math.ceil(ttlSeconds);

  async function removeAll(keys: readonly string[]): Promise<number> {
    if (keys.length === 0) return 0;
    return write('remove', async (query) => {
      const { count } = await query(REMOVE, [name, keys.map(bytes), clock.now()]);
      return count;
    });
  }

  return {
    get: (key) =>
      read('get', async (query) => {
        const answer = await query(GET, [name, bytes(key), clock.now()]);
        requirePrimary(answer);
        const value = answer.rows[0]?.['value'];
        return typeof value === 'string' ? decoded(value, decode) : undefined;
      }),
    put: async (key, value, ttlSeconds) => {
      const group = groupOf?.(value);
      const family = group === undefined ? null : bytes(group.name);
      await write('put', async (query) => {
        if (family !== null) await query(LOCK_GROUP, [lockOf(name, family)]);
        await query(PURGE, [clock.now()]);
        await query(PUT, [name, bytes(key), family, JSON.stringify(value), end(ttlSeconds)]);
        if (group !== undefined) await query(TRIM, [name, family, group.most, clock.now()]);
      });
    },
    replace: (key, value, ttlSeconds) =>
      write('replace', async (query) => {
        const values = [name, bytes(key), JSON.stringify(value), end(ttlSeconds), clock.now()];
        return (await query(REPLACE, values)).count > 0;
      }),
    replaceIf: (key, seen, value, ttlSeconds) =>
      write('replace', async (query): Promise<Replacement> => {
        const place = [name, bytes(key)];
        const values = [...place, JSON.stringify(value), end(ttlSeconds), clock.now(), JSON.stringify(seen)];
        if ((await query(REPLACE_IF, values)).count > 0) return 'replaced';
        return (await query(EXISTS, [...place, clock.now()])).count > 0 ? 'changed' : 'missing';
      }),
    list: () =>
      read('list', async (query) => {
        const entries: Entry<Value>[] = [];
        // One snapshot for all pages: an entry that is used in between would be on two of them, or on none.
        await query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
        requirePrimary(await query(IS_STANDBY));
        for (let last: unknown = 0; ;) {
          const { rows } = await query(LIST, [name, clock.now(), last, PAGE]);
          for (const { key, value } of rows) {
            const found = decoded(String(value), decode);
            if (found !== undefined) entries.push({ key: textOf(key), value: found });
          }
          if (rows.length < PAGE) break;
          last = rows.at(-1)?.['place'];
        }
        await query('COMMIT');
        return entries;
      }),
    remove: async (key) => void (await removeAll([key])),
    removeAll,
  };
}

/**
 * INVARIANT: nothing is read from a standby. It may be behind, and show a token that was revoked at the primary.
 *
 * @throws UnusableError when a standby has answered
 */
function requirePrimary({ rows }: Answer): void {
  if (rows[0]?.['standby'] !== false) throw new UnusableError('the server is a standby: name the primary in urlFile');
}

export function bytes(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

function textOf(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString('utf8') : '';
}

/** An advisory lock has 64 bits. Two groups with the same number only wait for each other. */
function lockOf(store: string, family: Buffer): string {
  return createHash('sha256').update(`${store}\0`).update(family).digest().readBigInt64BE().toString();
}
