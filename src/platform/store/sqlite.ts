/**
 * The store contract in an SQLite file: the records of one broker. An entry is on the disk before `put` resolves, and other processes with the same
 * file see it immediately. SQLite blocks its caller while it waits for the disk or for another process, so it runs in a
 * thread of its own.
 */
import type { ListableStore, Replacement } from '../../core/store.ts';
import { decoded } from './records.ts';
import type { Records, RecordsOptions } from './records.ts';
import type { Row, Written } from './sqlite-entries.ts';
import { startThread } from './sqlite-thread.ts';
import type { SqliteThread } from './sqlite-thread.ts';

type Ask = SqliteThread['ask'];

/**
 * Opens a file, or creates it, readable by its owner only.
 *
 * @param start starts the thread; a test passes one that fails
 * @throws Error that names the file when it cannot be used
 */
export async function openSqlite(file: string, start: typeof startThread = startThread): Promise<Records> {
  let thread = Promise.resolve(await start(file));
  let isClosed = false;

  /** Replaces a thread that has failed, once for all callers. */
  async function current(): Promise<SqliteThread> {
    const known = thread;
    const found = await known;
    if (!found.isOver() || isClosed) return found;
    if (thread === known) thread = start(file).catch(() => found);
    return thread;
  }

  return {
    store: (options) => sqliteStore(options, async (question) => (await current()).ask(question)),
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
      await (await thread).close();
    },
  };
}

function sqliteStore<Value>({ name, clock, decode, groupOf }: RecordsOptions<Value>, ask: Ask): ListableStore<Value> {
  const written = (key: string, value: Value, ttlSeconds: number): Written => {
    const group = groupOf?.(value);
    const now = clock.now();
    const bounds = { group: group?.name ?? null, most: group?.most ?? 0 };
    return { store: name, key, value: JSON.stringify(value), until: now + Math.ceil(ttlSeconds), now, ...bounds };
  };
  const removeAll = async (keys: readonly string[]): Promise<number> =>
    Number(await ask({ method: 'removeAll', argument: { store: name, keys, now: clock.now() } }));
  return {
    get: async (key) => {
      const text = await ask({ method: 'get', argument: { store: name, key, now: clock.now() } });
      return typeof text === 'string' ? decoded(text, decode) : undefined;
    },
    put: async (key, value, ttlSeconds) =>
      void (await ask({ method: 'put', argument: written(key, value, ttlSeconds) })),
    replace: async (key, value, ttlSeconds) =>
      (await ask({ method: 'replace', argument: written(key, value, ttlSeconds) })) === true,
    replaceIf: async (key, seen, value, ttlSeconds) => {
      const compared = { ...written(key, value, ttlSeconds), seen: JSON.stringify(seen) };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the method `replaceIf` of Entries returns
      return (await ask({ method: 'replaceIf', argument: compared })) as Replacement;
    },
    list: async () => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the method `list` of Entries returns
      const rows = (await ask({ method: 'list', argument: { store: name, now: clock.now() } })) as readonly Row[];
      return rows.flatMap(({ key, value: text }) => {
        const value = decoded(text, decode);
        return value === undefined ? [] : [{ key, value }];
      });
    },
    remove: async (key) => void (await removeAll([key])),
    removeAll,
  };
}
