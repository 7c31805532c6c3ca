/** Three brokers with their records in one PostgreSQL and their counts in one Redis: everything that is issued to people. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { personalTokenSecrets } from '../../src/platform/personal-token-secrets.ts';
import type { Broker } from '../support/broker.ts';
import { basic } from '../support/broker.ts';
import { askBroker, sendToBroker } from '../support/broker-api.ts';
import { isSignedIn, signIn, signOut } from '../support/console-sign-in.ts';
import { kill } from '../support/halt.ts';
import { findPart } from '../support/parts.ts';
import { createToken, logInWith } from '../support/personal-tokens.ts';
import type { MadeToken } from '../support/personal-tokens.ts';
import { canRunPostgres, migrated, startPostgres } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { startRecordsBroker } from '../support/records-broker.ts';
import { exchange, idOf, offlineLogin, tokensCommand } from '../support/refresh-tokens.ts';
import { noteSecret } from '../support/secrets.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { GROUPS_DN, personDn, personLdif } from '../support/slapd-entries.ts';
import { ALICE, SERVICE, usersYaml } from '../support/static-broker.ts';
import { directoryBackend } from '../support/user-sources.ts';
import { REDIS, startStore } from '../support/valkey.ts';

const program = findPart(REDIS);
const canRun = canRunPostgres() && canRunSlapd() && program !== undefined;
const MAX_TOKENS = 6;
/** So many refused tokens of a client three brokers accept in a minute when they do not count together. */
const ALONE = 3 * 60;
const DANA = { user: 'dana', password: 'dana-leaves-the-company-1' } as const;
const POLICY = `rules:
  - { name: team, groups: [team-web], repositories: ["web/**"], allow: [pull, push] }
  - { name: robots, users: ["robot:*"], repositories: ["web/**"], allow: [pull] }
`;
const ENDED = {
  status: 401,
  message: expect.stringContaining(
    'this login has ended; sign in again (docker login, or docker-credential-fairlead login)',
  ),
};
const from = (client: string) => ({ 'x-forwarded-for': client });

describe.skipIf(!canRun)('three brokers that share their stores', () => {
  const resources = new AsyncDisposableStack();
  let postgres: Postgres;
  let slapd: Slapd;
  let fleet: readonly Broker[] = [];
  let [a, b, c]: Broker[] = [];

  beforeAll(async () => {
    postgres = resources.use(await migrated(await startPostgres()));
    slapd = resources.use(await startSlapd({ ldif: personLdif(DANA.user, DANA.password) }));
    await slapd.change(`dn: cn=team-web,${GROUPS_DN}\nchangetype: modify\nadd: member\nmember: ${personDn('dana')}\n`);
    const store = resources.use(await startStore(program ?? ''));
    noteSecret(slapd.bindPassword);
    const config = {
      trustedProxies: ['127.0.0.1'],
      console: {},
      personalTokens: { maxPerUser: MAX_TOKENS },
      robots: { 'web-ci': { owner: { groups: ['team-web'] } }, 'of-dana': { owner: { users: ['dana'] } } },
      backends: [{ name: 'local', type: 'static-file', file: 'users.yaml' }, directoryBackend(slapd)],
      shared: { valkey: { urls: [`redis://127.0.0.1:${store.port}`] }, keyFile: 'fleet.key' },
    };
    const files = {
      // One users file: a refresh token is bound to the password hash of its user.
      'users.yaml': await usersYaml(),
      'policy.yaml': POLICY,
      'ldap.password': slapd.bindPassword,
      'fleet.key': 'k'.repeat(44),
    };
    const brokers = [];
    for (let count = 0; count < 3; count += 1) {
      brokers.push(resources.use(await startRecordsBroker(postgres, { files, config, records: { timeout: '5s' } })));
    }
    fleet = brokers;
    [a, b, c] = brokers;
  });
  afterAll(() => resources.disposeAsync());

  const at = (broker: Broker | undefined): Broker => {
    if (broker === undefined) throw new Error('no broker');
    return broker;
  };
  const atAll = <T>(ask: (broker: Broker) => Promise<T>): Promise<readonly T[]> => Promise.all(fleet.map(ask));
  const statusesOf = (token: string) => atAll(async (broker) => (await logInWith(broker, token, SERVICE)).status);

  /** A personal token of a user, or the token of a robot that the user owns. */
  async function makeToken(broker: Broker | undefined, user: string, robot?: string): Promise<MadeToken> {
    const order = { user, name: 'test', ...(robot === undefined ? {} : { robot }) };
    const { token, personalToken } = await askBroker(at(broker), 'createPersonalToken', order);
    noteSecret(token);
    return { token, id: personalToken.id };
  }

  it('accept a refresh token that one of them has issued, and all refuse it after another one has revoked it', async () => {
    const token = await offlineLogin(at(a), SERVICE, ALICE);
    const other = await offlineLogin(at(b), SERVICE, ALICE);

    const accepted = await exchange(at(b), SERVICE, token);
    const revoked = await tokensCommand(at(c), 'revoke', idOf(token));
    const refused = await atAll((broker) => exchange(broker, SERVICE, token));

    expect(accepted).toMatchObject({ status: 200, body: { scope: 'repository:web/a:pull,push' } });
    expect(revoked).toMatchObject({ code: 0, stdout: expect.stringContaining(`revoked ${idOf(token)} of alice`) });
    expect(refused).toMatchObject([ENDED, ENDED, ENDED]);
    // The control: another token of the same user stays valid.
    expect(await exchange(at(c), SERVICE, other)).toMatchObject({ status: 200 });
  });

  it('accept a personal token that one of them has made, and all end it with everything else of the user', async () => {
    const { token } = await createToken(at(a), 'alice', '--limit', `${SERVICE} web/** pull`);
    const refresh = await offlineLogin(at(b), SERVICE, ALICE);
    const { cookie } = await signIn(at(c), ALICE);
    const use = () => atAll((broker) => logInWith(broker, token, SERVICE));
    const before = await use();
    const signedIn = await atAll((broker) => isSignedIn(broker, cookie));

    const ended = await tokensCommand(at(c), 'revoke', '--user', 'alice');
    const after = [...(await use()), await exchange(at(a), SERVICE, refresh)];

    expect(before.map(({ granted }) => granted)).toEqual([['web/a:pull'], ['web/a:pull'], ['web/a:pull']]);
    expect(signedIn).toEqual([true, true, true]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(after.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(await atAll((broker) => isSignedIn(broker, cookie))).toEqual([false, false, false]);
    expect((await tokensCommand(at(a), 'list', '--user', 'alice')).stdout).toBe('there are no tokens of alice\n');
  });

  it('count the refused personal tokens of a client together, and accept a valid one from there', async () => {
    const client = '203.0.113.7';
    const unknown = personalTokenSecrets.make().reveal();
    const { token: valid } = await makeToken(a, 'alice');
    const ask = async (broker: Broker, password: string, address = client) => {
      const headers = { ...basic({ user: 'alice', password }), ...from(address) };
      return (await fetch(`${broker.url}/token?service=${SERVICE}`, { headers })).status;
    };

    let count = 0;
    const round = async (broker: Broker) => {
      const statuses = await Promise.all(Array.from({ length: 7 }, () => ask(broker, unknown)));
      count += statuses.length;
      return statuses.every((status) => status === 429);
    };
    while (!(await atAll(round)).every(Boolean)) expect(count).toBeLessThan(ALONE);

    expect(count).toBeGreaterThan(60);
    expect(await atAll((broker) => ask(broker, valid))).toEqual([200, 200, 200]);
    expect(await atAll((broker) => ask(broker, unknown, '198.51.100.7'))).toEqual([401, 401, 401]);
  });

  it('together make no more personal tokens of a user than the configuration allows', async () => {
    const order = async (broker: Broker) =>
      (await sendToBroker(broker, 'createPersonalToken', { user: 'bob', name: 'test' })).status;

    const statuses = await Promise.all(fleet.flatMap((broker) => Array.from({ length: 4 }, () => order(broker))));

    const made = statuses.filter((status) => status === 200).length;
    const { personalTokens } = await askBroker(at(c), 'listPersonalTokens', { user: 'bob' });
    expect(new Set(statuses)).not.toContain(500);
    expect(personalTokens).toHaveLength(made);
    expect(made).toBeLessThanOrEqual(MAX_TOKENS);
    // Orders at the same time may withdraw for each other. One after the other, all that are allowed are made.
    for (let count = made; count < MAX_TOKENS; count += 1) expect(await order(at(a))).toBe(200);
    expect(await order(at(b))).toBe(409);
  });

  it('accept the token of a robot that one of them has made, and all refuse it after another one has revoked it', async () => {
    const [made, other] = [await makeToken(a, 'alice', 'web-ci'), await makeToken(b, 'alice', 'web-ci')];
    const before = await statusesOf(made.token);

    await askBroker(at(c), 'revokeTokens', { ids: [made.id] });

    expect(before).toEqual([200, 200, 200]);
    expect(await statusesOf(made.token)).toEqual([401, 401, 401]);
    expect(await statusesOf(other.token)).toEqual([200, 200, 200]);
  });

  it('accept a session of the console that one of them has opened, and end it with the sign-out at another one', async () => {
    const { cookie } = await signIn(at(a), ALICE);
    const { cookie: other } = await signIn(at(b), ALICE);
    const before = await atAll((broker) => isSignedIn(broker, cookie));

    await signOut(at(c), cookie);

    expect(before).toEqual([true, true, true]);
    expect(await atAll((broker) => isSignedIn(broker, cookie))).toEqual([false, false, false]);
    expect(await isSignedIn(at(c), other)).toBe(true);
  });

  it('count wrong passwords in the form of the console and of docker login together', async () => {
    const client = '203.0.113.9';
    const byForm = async (broker: Broker | undefined, user: string, password: string) =>
      (await signIn(at(broker), { user, password }, from(client))).status;
    const byDocker = async (broker: Broker | undefined, user: string, password: string) => {
      const headers = { ...basic({ user, password }), ...from(client) };
      return (await fetch(`${at(broker).url}/token?service=${SERVICE}`, { headers })).status;
    };

    const guesses = [
      await byForm(a, 'carol', 'first-wrong-pass'),
      await byDocker(b, 'carol', 'second-wrong-pass'),
      await byForm(c, 'carol', 'third-wrong-pass'),
      await byDocker(a, 'carol', 'fourth-wrong-pass'),
      await byForm(b, 'carol', 'fifth-wrong-pass'),
      await byDocker(c, 'carol', 'sixth-wrong-pass'),
    ];

    // The limit of the account is answered as a wrong password, that of the user name with 429.
    expect(guesses).toEqual([401, 401, 401, 401, 429, 429]);
    const { binds } = await slapd.settled();
    expect(binds.filter((dn) => dn === personDn('carol')).length).toBeLessThan(4);
    // The control: one more wrong password for somebody else.
    expect(await byForm(a, 'bob', 'seventh-wrong-pass')).toBe(401);
  });

  it('accept nothing of a user who has left, except the tokens of a robot that belongs to a group', async () => {
    const { token } = await makeToken(a, 'dana');
    const refresh = await offlineLogin(at(b), SERVICE, DANA);
    const { cookie } = await signIn(at(c), DANA);
    const [ofDana, ofGroup] = [await makeToken(a, 'dana', 'of-dana'), await makeToken(b, 'dana', 'web-ci')];
    const { cookie: another } = await signIn(at(a), ALICE);
    const statuses = async () => ({
      personal: await statusesOf(token),
      refresh: await atAll(async (broker) => (await exchange(broker, SERVICE, refresh)).status),
      ofDana: await statusesOf(ofDana.token),
      ofGroup: await statusesOf(ofGroup.token),
    });
    const before = await statuses();

    await slapd.change(`dn: ${personDn('dana')}\nchangetype: delete\n`);

    const [accepted, refused] = [
      [200, 200, 200],
      [401, 401, 401],
    ];
    expect(before).toEqual({ personal: accepted, refresh: accepted, ofDana: accepted, ofGroup: accepted });
    expect(await statuses()).toEqual({ personal: refused, refresh: refused, ofDana: refused, ofGroup: accepted });
    // It has not been used, so that no broker has looked the account up within the last minute.
    expect(await atAll((broker) => isSignedIn(broker, cookie))).toEqual([false, false, false]);
    expect(await isSignedIn(at(b), another)).toBe(true);
  });

  it('store no refresh token as text', async () => {
    const token = await offlineLogin(at(b), SERVICE, ALICE);

    const dump = await postgres.sql("SELECT encode(key, 'escape'), value FROM fairlead.records");

    expect(dump).toContain(idOf(token));
    expect(dump).not.toContain(token.slice(4));
  });

  it('list and revoke the refresh tokens of one that was killed, and name it as not reached', async () => {
    const [token, other] = [await offlineLogin(at(a), SERVICE, ALICE), await offlineLogin(at(a), SERVICE, ALICE)];
    await kill(at(a).process.pid);

    const accepted = await exchange(at(b), SERVICE, token);
    const listed = await tokensCommand(at(b), 'list');
    const revoked = await tokensCommand(at(c), 'revoke', idOf(token));
    const refused = await exchange(at(b), SERVICE, token);

    expect(accepted).toMatchObject({ status: 200 });
    expect(listed.stdout).toContain(idOf(token));
    expect(revoked).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`revoked ${idOf(token)}`),
      stderr: expect.stringMatching(new RegExp(`NOT at \\S+:${at(a).process.pid}, within a second`)),
    });
    expect(refused).toMatchObject(ENDED);
    expect(await exchange(at(c), SERVICE, other)).toMatchObject({ status: 200 });
  });
});
