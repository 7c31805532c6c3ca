/** Three brokers with their records in one PostgreSQL: refresh tokens as docker uses them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Broker } from '../support/broker.ts';
import { kill } from '../support/halt.ts';
import { canRunPostgres, migrated, startPostgres } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { createToken, logInWith } from '../support/personal-tokens.ts';
import { startRecordsBroker } from '../support/records-broker.ts';
import { exchange, idOf, offlineLogin, tokensCommand } from '../support/refresh-tokens.ts';
import { ALICE, SERVICE, usersYaml } from '../support/static-broker.ts';

const canRun = canRunPostgres();
const ENDED = {
  status: 401,
  message: expect.stringContaining(
    'this login has ended; sign in again (docker login, or docker-credential-fairlead login)',
  ),
};

describe.skipIf(!canRun)('a refresh token of a fleet', () => {
  const resources = new AsyncDisposableStack();
  let postgres: Postgres;
  let [a, b, c]: Broker[] = [];

  beforeAll(async () => {
    postgres = resources.use(await migrated(await startPostgres()));
    // One users file: a refresh token is bound to the password hash of its user.
    const files = { 'users.yaml': await usersYaml() };
    const brokers = [];
    for (let count = 0; count < 3; count += 1) {
      brokers.push(resources.use(await startRecordsBroker(postgres, { files, records: { timeout: '5s' } })));
    }
    [a, b, c] = brokers;
  });
  afterAll(() => resources.disposeAsync());

  const at = (broker: Broker | undefined): Broker => {
    if (broker === undefined) throw new Error('no broker');
    return broker;
  };

  it('that one broker has issued is accepted by another one, and ends at all when it is revoked at a third one', async () => {
    const token = await offlineLogin(at(a), SERVICE, ALICE);
    const other = await offlineLogin(at(b), SERVICE, ALICE);

    const accepted = await exchange(at(b), SERVICE, token);
    const revoked = await tokensCommand(at(c), 'revoke', idOf(token));
    const refused = await Promise.all([a, b, c].map((broker) => exchange(at(broker), SERVICE, token)));

    expect(accepted).toMatchObject({ status: 200, body: { scope: 'repository:web/a:pull,push' } });
    expect(revoked).toMatchObject({ code: 0, stdout: expect.stringContaining(`revoked ${idOf(token)} of alice`) });
    expect(refused).toMatchObject([ENDED, ENDED, ENDED]);
    // The control: another token of the same user stays valid.
    expect(await exchange(at(c), SERVICE, other)).toMatchObject({ status: 200 });
  });

  it('and a personal token made at one broker are accepted at all, and end at all with everything else of the user', async () => {
    const { token } = await createToken(at(a), 'alice', '--limit', `${SERVICE} web/** pull`);
    const refresh = await offlineLogin(at(b), SERVICE, ALICE);
    const use = () => Promise.all([a, b, c].map((broker) => logInWith(at(broker), token, SERVICE)));
    const before = await use();

    const ended = await tokensCommand(at(c), 'revoke', '--user', 'alice');
    const after = [...(await use()), await exchange(at(a), SERVICE, refresh)];

    expect(before.map(({ granted }) => granted)).toEqual([['web/a:pull'], ['web/a:pull'], ['web/a:pull']]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(after.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect((await tokensCommand(at(a), 'list', '--user', 'alice')).stdout).toBe('there are no tokens of alice\n');
  });

  it('is valid, listed and revoked at the other brokers when the broker that has issued it is gone', async () => {
    const [token, other] = [await offlineLogin(at(a), SERVICE, ALICE), await offlineLogin(at(a), SERVICE, ALICE)];
    await kill(at(a).process.pid);

    const accepted = await exchange(at(b), SERVICE, token);
    const listed = await tokensCommand(at(b), 'list');
    const revoked = await tokensCommand(at(c), 'revoke', idOf(token));
    const refused = await exchange(at(b), SERVICE, token);

    expect(accepted).toMatchObject({ status: 200 });
    expect(listed.stdout).toContain(idOf(token));
    expect(revoked).toMatchObject({ code: 0 });
    expect(refused).toMatchObject(ENDED);
    expect(await exchange(at(c), SERVICE, other)).toMatchObject({ status: 200 });
  });

  it('is in no file of a broker, and is no text in the database', async () => {
    const token = await offlineLogin(at(b), SERVICE, ALICE);

    const dump = await postgres.sql("SELECT encode(key, 'escape'), value FROM fairlead.records");

    expect(dump).toContain(idOf(token));
    expect(dump).not.toContain(token.slice(4));
  });
});
