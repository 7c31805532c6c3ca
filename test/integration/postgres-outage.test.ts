/** A broker while its PostgreSQL is killed, frozen, out of reach or full: over HTTP and at the command line. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Broker } from '../support/broker.ts';
import { freeze, kill, thaw } from '../support/halt.ts';
import { startOutageProxy } from '../support/outage-proxy.ts';
import type { OutageProxy } from '../support/outage-proxy.ts';
import { canRunPostgres, migrated, startPostgres } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { startRecordsBroker } from '../support/records-broker.ts';
import { exchange, idOf, offlineLogin, tokensCommand } from '../support/refresh-tokens.ts';
import { canMount, mountSmallDisk } from '../support/small-disk.ts';
import { ALICE, granted, SERVICE } from '../support/static-broker.ts';
import { waitFor } from '../support/wait.ts';

const canRun = canRunPostgres();
const UNAVAILABLE = {
  status: 503,
  message: expect.stringMatching(
    /^stored logins cannot be checked or stored at the moment; yours stays valid, try again soon \(request .{36}\)$/,
  ),
};
/** The time limit is 500 ms for each operation. Without one, these would wait as long as the outage lasts. */
const BOUND_MS = 4000;

describe.skipIf(!canRun)('a broker whose PostgreSQL', () => {
  const resources = new AsyncDisposableStack();
  let postgres: Postgres;
  let proxy: OutageProxy;
  let broker: Broker;
  let token: string;

  beforeAll(async () => {
    postgres = resources.use(await migrated(await startPostgres()));
    proxy = resources.use(await startOutageProxy(() => postgres.port));
    broker = resources.use(await startRecordsBroker(postgres, { port: proxy.port }));
    token = await login();
  });
  afterAll(() => resources.disposeAsync());

  /** On a busy machine, half a second may be too short. */
  const login = (): Promise<string> => waitFor('a refresh token', () => offlineLogin(broker, SERVICE, ALICE));
  const accepted = (used = token): Promise<unknown> =>
    waitFor('the token to be accepted', async () => (await exchange(broker, SERVICE, used)).status === 200);

  async function timed<T>(work: () => Promise<T>): Promise<{ readonly answer: T; readonly took: number }> {
    const start = performance.now();
    const answer = await work();
    return { answer, took: performance.now() - start };
  }

  const metric = async (name: string): Promise<string | undefined> => {
    const text = await (await fetch(`${broker.url}/metrics`)).text();
    return new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1];
  };

  const readyz = async (): Promise<Readonly<Record<string, unknown>>> => {
    const answer = await fetch(`${broker.url}/readyz`);
    return { code: answer.status, ...((await answer.json()) as object) };
  };

  const outages: readonly (readonly [string, () => Promise<void>, () => Promise<void>])[] = [
    [
      'is killed',
      async () => {
        const [pid = -1] = await postgres.pids();
        await kill(pid);
      },
      () => postgres.start(),
    ],
    [
      'is frozen',
      async () => {
        const [server = -1] = await postgres.pids();
        await freeze(server);
        // From now on no connection begins, and one that ends stays a process.
        for (const pid of await postgres.pids()) await freeze(pid);
      },
      async () => {
        for (const pid of await postgres.pids()) thaw(pid);
      },
    ],
    ['is out of reach, and its network drops everything', async () => proxy.hang(), () => proxy.restore()],
    ['refuses connections', () => proxy.stop(), () => proxy.restore()],
  ];

  it.each(outages)('%s answers 503 in time, serves logins with a password, and recovers', async (_what, fail, heal) => {
    await fail();
    const used = [];
    for (let request = 0; request < 5; request += 1) used.push(await timed(() => exchange(broker, SERVICE, token)));
    const together = await Promise.all(Array.from({ length: 20 }, () => timed(() => exchange(broker, SERVICE, token))));
    const offline = await timed(() => broker.token(`service=${SERVICE}&offline_token=true`, ALICE));
    const online = await granted(broker);
    const readiness = await waitFor('readiness to say so', async () => {
      const answer = await readyz();
      return answer['records'] === 'down' ? answer : undefined;
    });
    const up = await metric('fairlead_records_up');
    await heal();

    for (const { answer, took } of [...used, ...together]) {
      expect(answer).toMatchObject(UNAVAILABLE);
      expect(took).toBeLessThan(BOUND_MS);
    }
    expect(offline.answer.status).toBe(503);
    expect(offline.answer.body).not.toHaveProperty('token');
    expect(offline.took).toBeLessThan(BOUND_MS);
    expect(online).toBe('pull,push');
    expect(readiness).toMatchObject({ code: 200, status: 'degraded' });
    expect(up).toBe('0');
    await accepted();
    await waitFor('the metric to say so', async () => (await metric('fairlead_records_up')) === '1');
    const messages = (await broker.settledLog()).map(({ message }) => message);
    expect(messages).toContain('records store unavailable');
    expect(messages).not.toContain('unexpected error');
  });

  it('is down refuses to revoke a token with an error, and the token stays valid', async () => {
    await proxy.stop();
    const revoked = await tokensCommand(broker, 'revoke', idOf(token));
    await proxy.restore();

    expect(revoked.code).toBe(2);
    expect(revoked.stdout).toBe('');
    expect(revoked.stderr).toMatch(/^fairlead: the records in PostgreSQL at 127\.0\.0\.1:\d+\/fairlead: /);
    await accepted();
  });

  it('is down when the broker starts starts in spite of it, and serves refresh tokens as soon as it is up', async () => {
    await proxy.stop();
    await using late = await startRecordsBroker(postgres, { port: proxy.port });
    const online = await granted(late);
    const offline = await late.token(`service=${SERVICE}&offline_token=true`, ALICE);
    await proxy.restore();

    expect(online).toBe('pull,push');
    expect(offline.status).toBe(503);
    await waitFor('a refresh token', () => offlineLogin(late, SERVICE, ALICE));
  });

  it.skipIf(!canMount())('has a full disk accepts tokens, issues none, and says so in the log', async () => {
    const issued = await login();
    // The token was last used an hour ago: its use is to be written.
    await postgres.sql(
      `UPDATE fairlead.records SET value = regexp_replace(value, '"usedAt":\\d+', '"usedAt":' || (extract(epoch FROM now())::bigint - 3600))`,
    );
    await using small = await smallTablespace(postgres);
    await small.fill();

    await accepted(issued);
    const offline = await broker.token(`service=${SERVICE}&offline_token=true`, ALICE);
    const line = await broker.waitForLine(({ cause }) => String(cause).includes('its use is not recorded'));
    await small.grow();
    const again = await login();

    expect(line['cause']).toContain('the disk of the server is full');
    expect(offline.status).toBe(503);
    await accepted(again);
  });
});

interface SmallTablespace extends AsyncDisposable {
  fill(): Promise<void>;
  grow(): Promise<void>;
}

/** Moves the records to a disk of 2 MB. */
async function smallTablespace(postgres: Postgres): Promise<SmallTablespace> {
  const disk = await mountSmallDisk(2);
  await postgres.sql(`CREATE TABLESPACE small LOCATION '${disk.folder}'`);
  await postgres.sql('ALTER TABLE fairlead.records SET TABLESPACE small');
  // No space is left where older versions of the rows were.
  await postgres.sql('VACUUM FULL fairlead.records');
  return {
    fill: async () => {
      const fill = (rows: number): Promise<boolean> =>
        postgres
          .sql(
            `INSERT INTO fairlead.records (store, key, value, expires_at)
             SELECT 'filler', int8send(nextval('fairlead.places')), 'x', 9999999999 FROM generate_series(1, ${rows})`,
          )
          .then(
            () => true,
            () => false,
          );
      for (const rows of [1000, 50, 1]) while (await fill(rows));
    },
    grow: () => disk.grow(16),
    [Symbol.asyncDispose]: async () => {
      await postgres.sql('ALTER TABLE fairlead.records SET TABLESPACE pg_default');
      await postgres.sql('DROP TABLESPACE small');
      await disk[Symbol.asyncDispose]();
    },
  };
}
