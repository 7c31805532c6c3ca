/** Records in PostgreSQL with a standby: what a read-only server, a missing standby and a failover do. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgres } from '../../src/platform/postgres/open.ts';
import type { PostgresSettings } from '../../src/platform/postgres/open.ts';
import type { ListableStore } from '../../src/core/store.ts';
import { groupOf } from '../contract/store.ts';
import type { Item } from '../contract/store.ts';
import { realClock, recordingLog } from '../support/fakes.ts';
import { kill } from '../support/halt.ts';
import { startOutageProxy } from '../support/outage-proxy.ts';
import type { OutageProxy } from '../support/outage-proxy.ts';
import { canRunPostgres, caughtUp, migrated, startPostgres, urlSource } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { waitFor } from '../support/wait.ts';

const canRun = canRunPostgres();
const ITEM: Item = { owner: 'alice', text: 'stored' };

describe.skipIf(!canRun)('records in PostgreSQL with a standby', () => {
  const resources = new AsyncDisposableStack();
  let primary: Postgres;
  let standby: Postgres;
  /** Where clients find the primary, as by a virtual address. */
  let address: OutageProxy;
  let current: Postgres;

  beforeAll(async () => {
    primary = resources.use(await migrated(await startPostgres()));
    standby = resources.use(await startPostgres({ standbyOf: primary }));
    current = primary;
    address = resources.use(await startOutageProxy(() => current.port));
    await caughtUp(primary, standby);
  });
  afterAll(() => resources.disposeAsync());

  function storeAt(port: number, more: Partial<PostgresSettings> = {}): ListableStore<Item> {
    const records = openPostgres(
      {
        url: urlSource(primary.url.replace(`:${primary.port}/`, `:${port}/`)),
        tls: undefined,
        maxConnections: 4,
        synchronousCommit: 'remote_apply',
        timeoutMs: 5000,
        ...more,
      },
      { clock: realClock, log: recordingLog() },
    );
    resources.use(records);
    const decode = (json: unknown): Item => json as Item;
    return records.store<Item>({ name: 'items', clock: realClock, decode, groupOf });
  }

  async function synchronous(names: string): Promise<void> {
    await primary.sql(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
    await primary.sql('SELECT pg_reload_conf()');
    await waitFor('the setting', async () => (await primary.sql('SHOW synchronous_standby_names')) === `${names}\n`);
  }

  const outcomeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'done',
      ({ code, message }: { readonly code: string; readonly message: string }) => `${code}: ${message}`,
    );

  it('are never read from a standby, which may be behind', async () => {
    const store = storeAt(address.port);
    await store.put('k', ITEM, 600);
    await caughtUp(primary, standby);
    const other = storeAt(standby.port);
    // The control: the standby has the entry.
    expect(await standby.sql("SELECT count(*) FROM fairlead.records WHERE store = 'items'")).toBe('1\n');

    const answers = await Promise.all([
      outcomeOf(other.get('k')),
      outcomeOf(other.list()),
      outcomeOf(other.removeAll(['k'])),
    ]);

    expect(answers).toEqual([
      expect.stringMatching(/^records_unavailable: .*the server is a standby: name the primary in urlFile/),
      expect.stringMatching(/^records_unavailable: .*the server is a standby: name the primary in urlFile/),
      expect.stringMatching(/^records_unavailable: .*the server is read-only: it is a standby/),
    ]);
  });

  it('are shown by the standby when a change returns, with remote_apply', async () => {
    await synchronous('*');
    const store = storeAt(address.port);

    const counts = [];
    for (let round = 0; round < 5; round += 1) {
      await store.put(`applied ${round}`, { owner: `${round}`, text: 'a' }, 600);
      counts.push(await standby.sql(`SELECT count(*) FROM fairlead.records WHERE key = 'applied ${round}'`));
    }

    expect(counts).toEqual(Array.from({ length: 5 }, () => '1\n'));
  });

  it('are not reported as removed when no standby confirms it', async () => {
    await synchronous('*');
    const patient = storeAt(address.port, { timeoutMs: 1500 });
    await patient.put('unconfirmed', { owner: 'bob', text: 'a' }, 600);
    await standby.stop();

    const answer = await outcomeOf(patient.removeAll(['unconfirmed']));
    const read = await patient.get('k');
    await standby.start();
    const later = await waitFor('the standby to confirm', () =>
      patient.put('other', { owner: 'carol', text: 'a' }, 600).then(() => 'done'),
    );

    expect(answer).toMatch(/no standby has confirmed the change|no answer within 1500 ms/);
    expect(read).toEqual(ITEM);
    expect(later).toBe('done');
  });

  it('survive a failover: what was stored is there, and what was removed stays removed', async () => {
    const store = storeAt(address.port, { timeoutMs: 2000 });
    await store.put('valid', { owner: 'dora', text: 'valid' }, 600);
    await store.put('revoked', { owner: 'dora', text: 'revoked' }, 600);
    await store.removeAll(['revoked']);

    const [pid = -1] = await primary.pids();
    await kill(pid);
    current = standby;
    await address.restore();
    const before = await outcomeOf(store.get('valid'));
    await standby.promote();
    const found = await waitFor('the new primary', () => store.get('valid'));
    const revoked = await store.get('revoked');
    await store.put('new', { owner: 'dora', text: 'new' }, 600);

    expect(before).toMatch(/^records_unavailable: /);
    expect(found).toEqual({ owner: 'dora', text: 'valid' });
    expect(revoked).toBeUndefined();
    expect(await store.get('new')).toMatchObject({ text: 'new' });
  });
});
