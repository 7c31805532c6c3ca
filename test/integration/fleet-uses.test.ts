/** The last use of a refresh token by several brokers with one PostgreSQL: at most one write a minute for all. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Secret } from '../../src/core/identity.ts';
import { parseRefreshToken } from '../../src/core/refresh-token.ts';
import type { RefreshToken } from '../../src/core/refresh-token.ts';
import { openPostgres } from '../../src/platform/postgres/open.ts';
import { fixedClock, noWaiting, realClock, recordingLog } from '../support/fakes.ts';
import { canRunPostgres, migrated, startPostgres, urlSource } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { open, REQUEST, SERVICE } from '../support/refresh-token-world.ts';

const canRun = canRunPostgres();
const BROKERS = 3;

describe.skipIf(!canRun)('the last use of a refresh token', () => {
  const resources = new AsyncDisposableStack();
  const clock = fixedClock();
  let postgres: Postgres;
  let brokers: readonly ReturnType<typeof open>[];
  let token: Secret;

  beforeAll(async () => {
    postgres = resources.use(await migrated(await startPostgres()));
    // Counts each version of a row that is written, by whoever writes it.
    await postgres.sql(`
      CREATE SEQUENCE public.writes;
      GRANT USAGE ON SEQUENCE public.writes TO fairlead;
      CREATE FUNCTION public.count_write() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM nextval('public.writes'); RETURN NULL; END $$;
      CREATE TRIGGER counted AFTER UPDATE ON fairlead.records FOR EACH ROW EXECUTE FUNCTION public.count_write();`);
    brokers = Array.from({ length: BROKERS }, () => {
      const records = openPostgres(
        { url: urlSource(postgres.url), tls: undefined, maxConnections: 8, synchronousCommit: 'on', timeoutMs: 10_000 },
        { clock: realClock, log: recordingLog() },
      );
      resources.use(records);
      const store = records.store<RefreshToken>({ name: 'refresh-tokens', clock, decode: parseRefreshToken });
      return open({}, noWaiting, { clock, store });
    });
    token = (await brokers[0]?.issued()) as Secret;
  });
  afterAll(() => resources.disposeAsync());

  async function use(times: number): Promise<void> {
    const uses = Array.from({ length: times / BROKERS }, () =>
      brokers.map(({ exchange }) => exchange(token, SERVICE, REQUEST)),
    );
    await Promise.all(uses.flat());
  }

  const writes = async (): Promise<number> =>
    Number(await postgres.sql('SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM public.writes'));

  it('is written once for 10,000 uses within a minute by three brokers, many of them at the same moment', async () => {
    clock.advance(60);
    for (let second = 0; second < 60; second += 1) {
      await use(second < 40 ? 168 : 165);
      if (second < 59) clock.advance(1);
    }

    expect(await writes()).toBe(1);
  });

  it('is written again a minute later, once', async () => {
    const before = await writes();
    clock.advance(1);

    await use(60);

    expect((await writes()) - before).toBe(1);
  });
});
