/** The store contract, by PostgreSQL and by PostgreSQL behind PgBouncer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/ports.ts';
import type { ListableStore } from '../../src/core/store.ts';
import { openPostgres } from '../../src/platform/postgres/open.ts';
import type { Records } from '../../src/platform/store/records.ts';
import { groupOf, listableStoreContract } from '../contract/store.ts';
import type { Item } from '../contract/store.ts';
import { fixedClock, realClock, recordingLog } from '../support/fakes.ts';
import { canRunPostgres, migrated, startPostgres, urlSource } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';

const canRun = canRunPostgres();
const resources = new AsyncDisposableStack();
let postgres: Postgres;

beforeAll(async () => {
  if (canRun) postgres = resources.use(await migrated(await startPostgres()));
});
afterAll(() => resources.disposeAsync());

function decode(json: unknown): Item | undefined {
  const item = json as Partial<Item> | null;
  return typeof item?.owner === 'string' && typeof item.text === 'string'
    ? { owner: item.owner, text: item.text }
    : undefined;
}

const opened = (url = postgres.url): Records =>
  openPostgres(
    { url: urlSource(url), tls: undefined, maxConnections: 10, synchronousCommit: 'on', timeoutMs: 10_000 },
    { clock: realClock, log: recordingLog() },
  );

let stores = 0;
const newName = (): string => `items ${(stores += 1)}`;
const itemsIn = (records: Records, clock: Clock, name = newName()): ListableStore<Item> =>
  records.store<Item>({ name, clock, decode, groupOf });

function storeAt(url: () => string) {
  return async (clock: Clock) => {
    const records = opened(url());
    return { ...itemsIn(records, clock), [Symbol.asyncDispose]: () => records[Symbol.asyncDispose]() };
  };
}

describe.skipIf(!canRun)('PostgreSQL', () => {
  listableStoreContract(
    'PostgreSQL',
    storeAt(() => postgres.url),
  );

  it('works', async () => {
    await using records = opened();
    const items = itemsIn(records, fixedClock());
    await items.put('k', { owner: 'a', text: 'b' }, 60);
    expect(await items.get('k')).toEqual({ owner: 'a', text: 'b' });
  });
});
