/** The store contract, by PostgreSQL and by PostgreSQL behind PgBouncer, and what is particular to it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/ports.ts';
import type { ListableStore } from '../../src/core/store.ts';
import { copyEntries } from '../../src/platform/postgres/copy.ts';
import { openPostgres } from '../../src/platform/postgres/open.ts';
import type { PostgresSettings } from '../../src/platform/postgres/open.ts';
import { migrate, SCHEMA_VERSION } from '../../src/platform/postgres/schema.ts';
import type { Records } from '../../src/platform/store/records.ts';
import { groupOf, listableStoreContract } from '../contract/store.ts';
import type { Item } from '../contract/store.ts';
import { fixedClock, realClock, recordingLog } from '../support/fakes.ts';
import { canRunPgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import type { PgBouncer } from '../support/pgbouncer.ts';
import { canRunPostgres, migrated, startPostgres, urlSource, withConnection } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';

const canRun = canRunPostgres() && canRunPgBouncer();
const resources = new AsyncDisposableStack();
let postgres: Postgres;
let bouncer: PgBouncer;

beforeAll(async () => {
  if (!canRun) return;
  postgres = resources.use(await migrated(await startPostgres()));
  bouncer = resources.use(await startPgBouncer(postgres, 3));
});
afterAll(() => resources.disposeAsync());

function decode(json: unknown): Item | undefined {
  const item = json as Partial<Item> | null;
  return typeof item?.owner === 'string' && typeof item.text === 'string'
    ? { owner: item.owner, text: item.text }
    : undefined;
}

/** A busy machine is no outage here. */
const opened = (more: Partial<PostgresSettings> = {}): Records =>
  openPostgres(
    {
      url: urlSource(postgres.url),
      tls: undefined,
      maxConnections: 10,
      synchronousCommit: 'on',
      timeoutMs: 10_000,
      ...more,
    },
    { clock: realClock, log: recordingLog() },
  );

let stores = 0;
const newName = (): string => `items ${(stores += 1)}`;
const itemsIn = (records: Records, clock: Clock, name = newName()): ListableStore<Item> =>
  records.store<Item>({ name, clock, decode, groupOf });

function storeAt(url: () => string) {
  return async (clock: Clock) => {
    const records = opened({ url: urlSource(url()) });
    return { ...itemsIn(records, clock), [Symbol.asyncDispose]: () => records[Symbol.asyncDispose]() };
  };
}

describe.skipIf(!canRun)('records in PostgreSQL', () => {
  const clock = fixedClock();
  const ITEM: Item = { owner: 'alice', text: 'stored' };

  listableStoreContract(
    'PostgreSQL',
    storeAt(() => postgres.url),
  );
  listableStoreContract(
    'PostgreSQL behind PgBouncer, which shares three connections by transaction',
    storeAt(() => bouncer.url),
  );

  it('are seen immediately by another broker, put and removed', async () => {
    await using mine = opened();
    await using theirs = opened({ url: urlSource(bouncer.url) });
    const name = newName();
    const [here, there] = [itemsIn(mine, clock, name), itemsIn(theirs, clock, name)];

    await there.put('k', ITEM, 60);
    const seen = await here.get('k');
    await there.remove('k');

    expect(seen).toEqual(ITEM);
    expect(await here.get('k')).toBeUndefined();
    expect(await here.replace('k', ITEM, 60)).toBe(false);
  });

  it('call no function that another user of the database has created under the name of theirs', async () => {
    const body = "RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'the function of another user'; END $$";
    await using trap = new AsyncDisposableStack();
    for (const name of ['nextval(text)', 'pg_advisory_xact_lock(text)']) {
      await postgres.sql(`CREATE FUNCTION public.${name} ${body}`);
      trap.defer(async () => void (await postgres.sql(`DROP FUNCTION public.${name}`)));
    }
    await using records = opened();
    const store = itemsIn(records, clock);

    await store.put('k', ITEM, 60);

    expect(await store.replace('k', ITEM, 60)).toBe(true);
    await expect(withConnection(postgres.url, (query) => query("SELECT nextval('fairlead.places')"))).rejects.toThrow(
      'the function of another user',
    );
  });

  it('keep the limit of a group when several brokers put at the same time', async () => {
    await using one = opened();
    await using two = opened({ url: urlSource(bouncer.url) });
    const name = newName();
    const both = [itemsIn(one, clock, name), itemsIn(two, clock, name)];

    await Promise.all(
      both.flatMap((store, broker) =>
        Array.from({ length: 20 }, (_, index) => store.put(`${broker} ${index}`, ITEM, 60)),
      ),
    );

    expect(await both[0]?.list()).toHaveLength(3);
  });

  it('keep the entries of their stores separate', async () => {
    await using records = opened();
    const [one, two] = [itemsIn(records, clock), itemsIn(records, clock)];
    await one.put('k', ITEM, 60);

    await two.removeAll(['k']);

    expect(await two.list()).toEqual([]);
    expect(await one.list()).toHaveLength(1);
  });

  it('list thousands of entries, each once and in order, while others are used', async () => {
    await using records = opened();
    const name = newName();
    const store = records.store<Item>({ name, clock, decode });
    const until = clock.now() + 60;
    const value = JSON.stringify(ITEM);
    const entries = Array.from({ length: 2500 }, (_, index) => ({
      store: name,
      key: `k${index}`,
      value,
      group: null,
      until,
    }));
    await withConnection(postgres.ownerUrl, (query) =>
      copyEntries(query, { synchronousCommit: 'on', statementMs: 30_000 }, entries),
    );

    const [listed] = await Promise.all([
      store.list(),
      store.replace('k1200', ITEM, 60),
      store.replace('k10', ITEM, 60),
    ]);

    const keys = listed.map(({ key }) => key);
    expect(keys).toHaveLength(2500);
    expect(new Set(keys).size).toBe(2500);
  });

  it('drop expired entries when an entry is put, and none that a fast clock calls expired', async () => {
    await using records = opened();
    const name = newName();
    const now = realClock.now();
    await postgres.sql('DELETE FROM fairlead.records');
    const [right, fast] = [itemsIn(records, fixedClock(now), name), itemsIn(records, fixedClock(now + 3600), name)];
    await right.put('valid', { owner: 'bob', text: 'a' }, 600);
    await postgres.sql(
      `INSERT INTO fairlead.records (store, key, value, expires_at) VALUES ('${name}', 'old', '{}', ${now - 10})`,
    );

    await fast.put('new', { owner: 'carol', text: 'b' }, 60);

    const stored = await postgres.sql(`SELECT convert_from(key, 'UTF8') FROM fairlead.records WHERE store = '${name}'`);
    expect(stored.trim().split('\n').toSorted()).toEqual(['new', 'valid']);
    expect(await right.get('valid')).toMatchObject({ text: 'a' });
  });

  it('treat a value that cannot be read as missing', async () => {
    await using records = opened();
    const name = newName();
    const items = itemsIn(records, clock, name);
    for (const key of ['broken', 'other', 'good']) await items.put(key, { owner: key, text: 'a' }, 60);
    await postgres.sql(`UPDATE fairlead.records SET value = '{"owner":' WHERE store = '${name}' AND key = 'broken'`);
    await postgres.sql(`UPDATE fairlead.records SET value = '{"owner":1}' WHERE store = '${name}' AND key = 'other'`);

    expect([await items.get('broken'), await items.get('other')]).toEqual([undefined, undefined]);
    expect((await items.list()).map(({ key }) => key)).toEqual(['good']);
  });

  it('are written in spite of deadlocks and serialization failures', async () => {
    await using records = opened();
    const items = itemsIn(records, clock);
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);

    for (let round = 0; round < 5; round += 1) {
      await Promise.all(keys.map((key) => items.put(key, { owner: key, text: 'a' }, 60)));
      // In opposite orders: each may wait for a row that the other has.
      const removed = await Promise.all([items.removeAll(keys), items.removeAll(keys.toReversed())]);
      expect(removed[0] + removed[1]).toBe(40);
    }
  });

  it('need few connections: as many as configured, also for a thousand operations at once', async () => {
    await using records = opened({ maxConnections: 2, url: urlSource(postgres.url) });
    const items = itemsIn(records, clock);
    await items.put('k', ITEM, 60);
    const before = await postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fairlead'");

    const found = await Promise.all(Array.from({ length: 900 }, () => items.get('k')));

    const after = await postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fairlead'");
    expect(found.every((value) => value?.text === 'stored')).toBe(true);
    expect(Number(after) - Number(before)).toBeLessThanOrEqual(1);
  });

  it('are reached through a socket of the same machine, too', async () => {
    const folder = `${postgres.folder}/socket`;
    const url = `${postgres.url.replace('127.0.0.1', 'localhost')}?host=${folder}`;
    await using records = opened({ url: urlSource(url) });

    expect(await itemsIn(records, clock).get('k')).toBeUndefined();
  });

  it('are closed at once, also while operations are under way, and refuse later ones', async () => {
    const records = opened();
    const items = itemsIn(records, clock);
    await items.put('k', ITEM, 60);

    const underWay = Promise.allSettled(Array.from({ length: 50 }, () => items.get('k')));
    await records[Symbol.asyncDispose]();
    await underWay;

    await expect(items.get('k')).rejects.toMatchObject({ code: 'records_unavailable' });
  });

  it('take a new password from their URL without a restart', async () => {
    const role = `rotated_${stores}`;
    await postgres.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'one' IN ROLE fairlead`);
    const urlWith = (password: string): string => `postgres://${role}:${password}@127.0.0.1:${postgres.port}/fairlead`;
    let url = urlSource(urlWith('one'));
    await using records = opened({ url: { read: () => url.read() } });
    const items = itemsIn(records, clock);
    await items.put('k', ITEM, 60);

    await postgres.sql(`ALTER ROLE ${role} PASSWORD 'two'`);
    url = urlSource(urlWith('two'));

    expect(await items.get('k')).toEqual(ITEM);
    url = urlSource(urlWith('three'));
    await expect(items.get('k')).rejects.toMatchObject({
      code: 'records_unavailable',
      message: expect.stringContaining('the server refuses the user or the password in urlFile'),
    });
  });
});

describe.skipIf(!canRun)('the tables', () => {
  const versions = (): Promise<string> => postgres.sql('SELECT version, compatible_from FROM fairlead.schema_version');

  it('are created once, when several programs create them at the same time', async () => {
    await postgres.sql('CREATE DATABASE several OWNER fairlead_owner');
    const url = postgres.ownerUrl.replace(/fairlead$/, 'several');

    const results = await Promise.all(Array.from({ length: 5 }, () => withConnection(url, migrate)));

    expect(results.filter(({ from }) => from === 0)).toHaveLength(1);
  });

  it.each([
    [0, 0, 'the tables have version 0, this program needs 1: run `fairlead records migrate`'],
    [
      9,
      9,
      'the tables have version 9, which programs from version 9 on can use, and this one has 1: start the newer Fairlead',
    ],
  ])('of version %i, usable from %i on, are refused', async (version, from, message) => {
    const before = (await versions()).trim().split('\t');
    await postgres.sql(`UPDATE fairlead.schema_version SET version = ${version}, compatible_from = ${from}`);
    await using records = opened();

    const refused = await itemsIn(records, fixedClock())
      .get('k')
      .catch((error: unknown) => error);
    await postgres.sql(`UPDATE fairlead.schema_version SET version = ${before[0]}, compatible_from = ${before[1]}`);

    expect(refused).toMatchObject({ code: 'records_unavailable', message: expect.stringContaining(message) });
  });

  it('of a newer version that this program can use are used, and are not taken back', async () => {
    await postgres.sql('UPDATE fairlead.schema_version SET version = 9, compatible_from = 1');
    await using records = opened();

    const found = await itemsIn(records, fixedClock()).get('k');
    const migration = await withConnection(postgres.ownerUrl, migrate).catch((error: unknown) => error);
    const version = await versions();
    await postgres.sql(`UPDATE fairlead.schema_version SET version = ${SCHEMA_VERSION}`);

    expect(found).toBeUndefined();
    expect(migration).toEqual({ from: 9, to: 9 });
    expect(version).toBe('9\t1\n');
  });

  it('can be read and written by the role of the broker, and not changed, emptied or given away', async () => {
    const tried = [
      'DROP TABLE fairlead.records',
      'ALTER TABLE fairlead.records ADD COLUMN x int',
      'TRUNCATE fairlead.records',
      'CREATE TABLE fairlead.other (x int)',
      'CREATE TABLE public.other (x int)',
      'CREATE ROLE other',
      'GRANT SELECT ON fairlead.records TO PUBLIC',
      "COPY fairlead.records TO PROGRAM 'cat'",
    ];

    const answers = await Promise.all(
      tried.map((sql) =>
        withConnection(postgres.url, (query) => query(sql)).then(String, (error: { code: string }) => error.code),
      ),
    );

    expect(answers).toEqual(['42501', '42501', '42501', '42501', '42501', '42501', expect.any(String), '42501']);
    expect(await postgres.sql("SELECT relacl::text FROM pg_class WHERE relname = 'records'")).not.toContain('{=');
  });
});
