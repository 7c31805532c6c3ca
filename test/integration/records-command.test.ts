/** `fairlead records`: from a broker with a file to several with a database, as config/reference/records.md has it. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import { canRunPostgres, startPostgres } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { run } from '../support/process.ts';
import type { Result } from '../support/process.ts';
import { recordsConfig } from '../support/records-broker.ts';
import { exchange, idOf, offlineLogin, tokensCommand } from '../support/refresh-tokens.ts';
import { ALICE, SERVICE, startStaticBroker, STATIC_CONFIG, usersYaml } from '../support/static-broker.ts';

const canRun = canRunPostgres();
const WITH_FILE = { ...STATIC_CONFIG, services: { [SERVICE]: { refreshTokens: {} } } };

describe.skipIf(!canRun)('fairlead records', () => {
  const resources = new AsyncDisposableStack();
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = resources.use(await startPostgres());
  });
  afterAll(() => resources.disposeAsync());

  const fairlead = (...args: readonly string[]): Promise<Result> => run(process.execPath, [MAIN, ...args]);

  it('roles prints SQL that an administrator runs, for roles of any name', async () => {
    await postgres.sql('CREATE DATABASE other');
    const { code, stdout } = await fairlead('records', 'roles', '--owner', 'o"wner', '--broker', 'b');

    await postgres.sql(stdout, 'other');

    expect(code).toBe(0);
    expect(await postgres.sql("SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'fairlead'", 'other')).toBe(
      '"o""wner"\n',
    );
  });

  it('moves a broker to the database: its tokens stay valid, and the file is out of use', async () => {
    const users = await usersYaml();
    await using before = await startStaticBroker({ config: WITH_FILE, files: { 'users.yaml': users } });
    const [token, revoked] = [await offlineLogin(before, SERVICE, ALICE), await offlineLogin(before, SERVICE, ALICE)];
    const stateDir = join(before.folder, 'state');
    const config = join(before.folder, 'new.yaml');
    const owner = join(before.folder, 'owner.url');
    await writeFile(owner, postgres.ownerUrl);
    await writeFile(join(before.folder, 'postgres.url'), postgres.url);
    await writeFile(
      config,
      JSON.stringify({
        ...recordsConfig({ timeout: '5s' }),
        listen: '127.0.0.1:0',
        publicUrl: 'http://localhost:5001',
        stateDir,
      }),
    );
    const records = (...args: readonly string[]): Promise<Result> => fairlead('records', ...args, '--config', config);

    const tooEarly = await records('copy');
    const withoutRights = await records('migrate');
    const migrated = await records('migrate', '--url-file', owner);
    const again = await records('migrate', '--url-file', owner);
    await before.stop();
    const copied = await records('copy');
    const second = await records('copy');

    expect(tooEarly).toMatchObject({ code: 2, stderr: expect.stringContaining('the broker runs: stop it first') });
    expect(withoutRights).toMatchObject({ code: 2, stderr: expect.stringContaining('see `fairlead records roles`') });
    expect(migrated).toMatchObject({ code: 0, stdout: 'the tables have version 1; before: none\n' });
    expect(again).toMatchObject({ code: 0, stdout: 'the tables have version 1 already\n' });
    expect(copied).toMatchObject({ code: 0, stdout: expect.stringContaining('copied 2 tokens\n') });
    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining('is not there') });
    expect(await readdir(stateDir)).toContain('fairlead.db.copied');
    expect(await readdir(stateDir)).not.toContain('fairlead.db');

    const files = { 'users.yaml': users, 'postgres.url': postgres.url };
    await using after = await startStaticBroker({ config: recordsConfig({ timeout: '5s' }), files });
    expect(await exchange(after, SERVICE, token)).toMatchObject({ status: 200 });
    expect((await tokensCommand(after, 'revoke', idOf(revoked))).code).toBe(0);
    expect(await exchange(after, SERVICE, revoked)).toMatchObject({ status: 401 });
    expect((await readdir(join(after.folder, 'state'))).includes('fairlead.db')).toBe(false);
    const backup = await fairlead(
      'backup',
      join(after.folder, 'copy.db'),
      '--config',
      join(after.folder, 'broker.yaml'),
    );
    expect(backup).toMatchObject({ code: 0, stdout: expect.stringContaining('the tokens are in PostgreSQL') });
    expect(backup.stdout).toContain(join(after.folder, 'postgres.url'));
  });

  it('check reports a bad URL without showing it, and --connect what is wrong at the server', async () => {
    await using broker = await startStaticBroker({
      config: recordsConfig({ timeout: '5s' }),
      files: { 'postgres.url': postgres.url },
    });
    const config = join(broker.folder, 'broker.yaml');
    const good = await fairlead('check', '--connect', '--config', config);
    await writeFile(join(broker.folder, 'postgres.url'), 'mysql://secret-user:secret-password@db/x');
    const bad = await fairlead('check', '--config', config);

    expect(good.code).toBe(0);
    expect(good.stdout).toMatch(/^ok: records: connects to 127\.0\.0\.1:\d+\/fairlead without TLS$/m);
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain('expected postgres://USER:PASSWORD@HOST:PORT/DATABASE');
    expect(bad.stdout).not.toMatch(/secret-/);
  });
});
