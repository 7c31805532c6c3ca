/** The connection to PostgreSQL: certificates are verified in both directions, and nothing is sent in clear text. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgres } from '../../src/platform/postgres/open.ts';
import type { PostgresSettings } from '../../src/platform/postgres/open.ts';
import { inspectPostgres } from '../../src/platform/postgres/inspect.ts';
import { migrate } from '../../src/platform/postgres/schema.ts';
import { openConnections } from '../../src/platform/postgres/connections.ts';
import type { PostgresTls } from '../../src/platform/postgres/connections.ts';
import { realClock, recordingLog } from '../support/fakes.ts';
import { createLoopbackCertificate } from '../support/loopback-certificate.ts';
import { canRunPostgres, startPostgres, urlSource } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';

const canRun = canRunPostgres();

describe.skipIf(!canRun)('the connection to PostgreSQL', () => {
  const resources = new AsyncDisposableStack();
  let postgres: Postgres;
  let tls: PostgresTls & { readonly ca: readonly string[] };

  beforeAll(async () => {
    postgres = resources.use(await startPostgres({ tls: 'server and client' }));
    const [ca, cert, key] = await Promise.all(
      [postgres.caFile, postgres.clientCertFile, postgres.clientKeyFile].map((file) => readFile(file ?? '', 'utf8')),
    );
    tls = { ca: [ca ?? ''], certificate: { cert: cert ?? '', key: key ?? '' } };
    await using connections = openConnections({ url: urlSource(postgres.ownerUrl), tls, maxConnections: 1 });
    await connections.use(10_000, migrate);
  });
  afterAll(() => resources.disposeAsync());

  async function answerWith(more: Partial<PostgresSettings>): Promise<string> {
    const settings = {
      url: urlSource(postgres.url),
      tls,
      maxConnections: 1,
      synchronousCommit: 'on',
      timeoutMs: 5000,
    } as const;
    await using records = openPostgres({ ...settings, ...more }, { clock: realClock, log: recordingLog() });
    const store = records.store<number>({ name: 'numbers', clock: realClock, decode: Number });
    const answer = await store.get('k').then(
      () => 'connected',
      (error: Error) => error.message,
    );
    return answer;
  }

  it('works with the certificates of both sides, by address and by name', async () => {
    expect(await answerWith({})).toBe('connected');
    expect(await answerWith({ url: urlSource(postgres.url.replace('127.0.0.1', 'localhost')) })).toBe('connected');
  });

  it('is refused when the server has the certificate of another authority, or of another name', async () => {
    await using other = await createLoopbackCertificate();
    const ca = [await readFile(other.caFile, 'utf8')];

    expect(await answerWith({ tls: { ...tls, ca } })).toMatch(/unable to verify|self-signed|certificate/);
    // The certificate is for 127.0.0.1 and localhost.
    expect(await answerWith({ url: urlSource(postgres.url.replace('127.0.0.1', '127.0.0.2')) })).toMatch(
      /does not match certificate's altnames/,
    );
    expect(await answerWith({ tls: { certificate: tls.certificate ?? { cert: '', key: '' } } })).toMatch(
      /unable to verify|self-signed/,
    );
  });

  it('is refused by the server without the certificate of the client', async () => {
    expect(await answerWith({ tls: { ca: tls.ca } })).toMatch(/client certificate/);
  });

  it('is not made without TLS, where the server has none or another machine is named', async () => {
    await using plain = await startPostgres();

    expect(await answerWith({ url: urlSource(plain.url) })).toContain('does not support SSL connections');
    expect(await answerWith({ url: urlSource('postgres://u:p@192.0.2.1/fairlead'), tls: undefined })).toContain(
      '192.0.2.1 is another machine: remove tls.mode: none',
    );
  });

  it('is reported by check --connect, with what the server is and what the role can do', async () => {
    const settings = { url: urlSource(postgres.url), tls, synchronousCommit: 'on', timeoutMs: 500 } as const;

    const steps = await inspectPostgres(settings, realClock);
    const asOwner = await inspectPostgres({ ...settings, url: urlSource(postgres.ownerUrl) }, realClock);
    const applied = await inspectPostgres({ ...settings, synchronousCommit: 'remote_apply' }, realClock);
    const fast = await inspectPostgres(settings, { ...realClock, now: () => realClock.now() + 30 });

    expect(steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(steps.map(({ text }) => text)).toEqual([
      `records: connects to 127.0.0.1:${postgres.port}/fairlead with TLS`,
      expect.stringMatching(/^records: PostgreSQL \d+/),
      expect.stringMatching(/^records: a statement takes [\d.]+ ms/),
      'records: the role can read and write rows, and change nothing else',
    ]);
    expect(asOwner).toContainEqual({
      ok: true,
      isWarning: true,
      text: expect.stringContaining('the role of the broker can do more than it needs'),
    });
    expect(asOwner).toContainEqual(expect.objectContaining({ text: expect.stringContaining('no statement_timeout') }));
    expect(applied).toContainEqual(
      expect.objectContaining({ isWarning: true, text: expect.stringContaining('has no synchronous standby') }),
    );
    expect(fast).toContainEqual(
      expect.objectContaining({
        isWarning: true,
        text: expect.stringMatching(/clock of the server differs by -(29|30|31) s/),
      }),
    );
  });

  it('is reported as failed by check --connect when the tables or the rights are missing, or nothing answers', async () => {
    const settings = { tls, synchronousCommit: 'on', timeoutMs: 500 } as const;
    await postgres.sql('CREATE DATABASE empty');
    await postgres.sql(
      "CREATE ROLE weak LOGIN PASSWORD 'weak' ; GRANT USAGE ON SCHEMA fairlead TO weak; GRANT SELECT ON fairlead.schema_version TO weak",
    );
    const failedWith = async (url: string): Promise<readonly string[]> =>
      (await inspectPostgres({ ...settings, url: urlSource(url) }, realClock))
        .filter(({ ok }) => !ok)
        .map(({ text }) => text);

    expect(await failedWith(postgres.url.replace(/fairlead$/, 'empty'))).toEqual([
      'records: the tables are missing: run `fairlead records migrate`',
    ]);
    expect(await failedWith(`postgres://weak:weak@127.0.0.1:${postgres.port}/fairlead`)).toEqual([
      'records: the role of the broker cannot write the tables: see `fairlead records roles`',
    ]);
    expect(await failedWith('postgres://u:p@127.0.0.1:1/x')).toEqual([expect.stringContaining('ECONNREFUSED')]);
  });
});
