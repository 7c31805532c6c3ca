/** Refresh tokens over HTTP and at the command line, with one person in a file. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, claimsOf } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { ageRefreshTokens, exchange, idOf, offlineLogin, postForm, tokensCommand } from '../support/refresh-tokens.ts';
import { noteSecret } from '../support/secrets.ts';
import { ALICE, SERVICE, startStaticBroker, STATIC_CONFIG, usersYaml } from '../support/static-broker.ts';
import { waitFor } from '../support/wait.ts';

const OTHER = 'other.example.com';
const WITHOUT = 'without.example.com';
const CONFIG = {
  ...STATIC_CONFIG,
  services: {
    [SERVICE]: { anonymous: 'allow', refreshTokens: { maxPerUser: 3 } },
    [OTHER]: { refreshTokens: { idle: '1h', absolute: '2h' } },
    [WITHOUT]: {},
  },
} as const;
const RUN_DOCKER_LOGIN = expect.stringMatching(
  /^this login has ended; sign in again \(docker login, or docker-credential-fairlead login\) \(request .{36}\)$/,
);
const REFUSED = { status: 401, message: RUN_DOCKER_LOGIN };

describe('refresh tokens', () => {
  let broker: Broker;
  let stateDir: string;
  beforeAll(async () => {
    broker = await startStaticBroker({ config: CONFIG });
    stateDir = join(broker.folder, 'state');
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  const login = (service = SERVICE): Promise<string> => offlineLogin(broker, service, ALICE);
  const passwordForm = { grant_type: 'password', username: ALICE.user, password: ALICE.password, service: SERVICE };

  it('are given to docker login and to the password grant, where they ask, and are good for what was theirs', async () => {
    const got = await login();
    const posted = await postForm(broker, { ...passwordForm, access_type: 'offline', client_id: 'x' });
    const second = String(posted.body['refresh_token']);
    noteSecret(second);

    for (const token of [got, second]) {
      expect(token).toMatch(/^flr_[A-Za-z0-9_-]{43}$/);
      const { status, body } = await exchange(broker, SERVICE, token);
      expect(status).toBe(200);
      expect(body).toMatchObject({ scope: 'repository:web/a:pull,push', expires_in: expect.closeTo(900, -1) });
      expect(body).not.toHaveProperty('refresh_token');
      expect(claimsOf(body['access_token'])).toMatchObject({ sub: 'alice', aud: SERVICE });
    }
  });

  it('are given to nobody who does not ask, is not known, or asks where there are none', async () => {
    const answers = [
      await broker.token(`service=${SERVICE}`, ALICE),
      await broker.token(`service=${SERVICE}&offline_token=false`, ALICE),
      await broker.token(`service=${SERVICE}&offline_token=true`),
      await broker.token(`service=${WITHOUT}&offline_token=true`, ALICE),
      await postForm(broker, { ...passwordForm, access_type: 'online' }),
      await postForm(broker, { ...passwordForm, offline_token: 'true' }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    for (const { body } of answers) expect(body).not.toHaveProperty('refresh_token');
  });

  it('are answered by themselves when they ask to stay', async () => {
    const token = await login();
    const form = { grant_type: 'refresh_token', refresh_token: token, service: SERVICE, access_type: 'offline' };

    const answers = [await postForm(broker, form), await postForm(broker, form)];

    expect(answers.map(({ body }) => body['refresh_token'])).toEqual([token, token]);
  });

  it('are refused in one way, whatever is wrong, with what to do', async () => {
    const token = await login();
    const asked = { grant_type: 'refresh_token', service: SERVICE };
    const never = `flr_${'x'.repeat(43)}`;

    const wrong = [
      await exchange(broker, SERVICE, never),
      await exchange(broker, SERVICE, 'nonsense'),
      await exchange(broker, SERVICE, ALICE.password),
      await exchange(broker, OTHER, token),
    ];
    const malformed = [
      await postForm(broker, asked),
      await postForm(broker, { ...asked, refresh_token: token }, basic(ALICE)),
      await exchange(broker, WITHOUT, token),
    ];

    for (const answer of wrong) {
      expect(answer).toMatchObject({
        ...REFUSED,
        body: { error: 'invalid_grant', errors: [{ code: 'UNAUTHORIZED' }] },
      });
    }
    expect(malformed.map(({ status }) => status)).toEqual([400, 400, 400]);
    expect(malformed[2]?.message).toMatch(/^this grant type is not offered; log in with user name and password/);
    expect((await exchange(broker, SERVICE, token)).status).toBe(200);
  });

  it('are refused as passwords and user names: no backend sees one, and no request becomes anonymous', async () => {
    const logins = () => broker.log().filter(({ event }) => event === 'login');
    const token = await login();
    await broker.settledLog();
    const loginsBefore = logins().length;
    const form = { service: SERVICE, grant_type: 'password' };

    const answers = [
      await broker.token(`service=${SERVICE}`, { user: '', password: token }),
      await broker.token(`service=${SERVICE}`, { user: ALICE.user, password: token }),
      await broker.token(`service=${SERVICE}`, { user: token, password: 'some-password-12' }),
      await postForm(broker, { ...form, username: ALICE.user, password: token }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    await waitFor(
      'four lines of the log',
      () => broker.log().filter(({ cause }) => String(cause).includes('misplaced-token')).length === 4,
    );
    expect(logins()).toHaveLength(loginsBefore);
    // The control: a backend sees an ordinary wrong password.
    await broker.token(`service=${SERVICE}`, { user: ALICE.user, password: 'some-password-12' });
    await waitFor('a login in the log', () => logins().length === loginsBefore + 1);
  });

  it('end when they are not used for long, and when they are old', async () => {
    const idle = await login(OTHER);
    ageRefreshTokens(stateDir, 3550);
    const used = await exchange(broker, OTHER, idle);
    ageRefreshTokens(stateDir, 3550);
    const usedAgain = await exchange(broker, OTHER, idle);
    ageRefreshTokens(stateDir, 100);

    expect([used.status, usedAgain.status]).toEqual([200, 200]);
    // Two hours after the login, however much it is used.
    expect(await exchange(broker, OTHER, idle)).toMatchObject(REFUSED);

    const unused = await login(OTHER);
    ageRefreshTokens(stateDir, 3600);
    expect(await exchange(broker, OTHER, unused)).toMatchObject(REFUSED);
  });

  it('end, that used longest ago first, when a user has too many of a service', async () => {
    const first = await login();
    ageRefreshTokens(stateDir, 60);
    const tokens = [await login(), await login()];
    await exchange(broker, SERVICE, first);

    const newest = await login();

    const statuses = [];
    for (const token of [first, ...tokens, newest]) statuses.push((await exchange(broker, SERVICE, token)).status);
    expect(statuses).toEqual([200, 401, 200, 200]);
  });

  it('are listed by an id, and revoked by it, by user, or all, at once', async () => {
    await tokensCommand(broker, 'revoke', '--all');
    const [one, two, three] = [await login(), await login(), await login(OTHER)];
    const listed = await tokensCommand(broker, 'list', '--format', 'json');
    const found = JSON.parse(listed.stdout) as { readonly tokens: readonly Readonly<Record<string, string>>[] };
    // Those of the same second have no order.
    const tokens = [one, two, three].flatMap((token) => found.tokens.filter(({ id }) => id === idOf(token)));
    const people = await tokensCommand(broker, 'list', '--user', 'alice', '--service', OTHER);

    expect(tokens).toMatchObject([
      { user: 'alice', service: SERVICE, backend: 'local', client: '127.0.0.1 (docker)' },
      { user: 'alice', service: SERVICE },
      { user: 'alice', service: OTHER },
    ]);
    expect(people.stdout).toMatch(
      /^ID +USER +SERVICE +BACKEND +CREATED +LAST USED +EXPIRES +STATE +CLIENT\n[0-9a-f]{12} {2}alice {2}other\.example\.com {2}local +\d{4}-\d\d-\d\dT[^\n]* valid +127\.0\.0\.1 \(docker\)\n$/,
    );
    expect(listed.stdout + people.stdout).not.toMatch(/flr_/);

    const byId = await tokensCommand(broker, 'revoke', tokens[0]?.['id'] ?? '');
    const afterId = [await exchange(broker, SERVICE, one), await exchange(broker, SERVICE, two)];
    const byUser = await tokensCommand(broker, 'revoke', '--user', 'alice', '--service', SERVICE);
    const afterUser = [await exchange(broker, SERVICE, two), await exchange(broker, OTHER, three)];
    const all = await tokensCommand(broker, 'revoke', '--all');
    const afterAllOfThem = await exchange(broker, OTHER, three);

    expect(byId).toMatchObject({ code: 0, stdout: `revoked ${tokens[0]?.['id']} of alice for ${SERVICE}\n` });
    expect([byUser.code, all.code]).toEqual([0, 0]);
    expect([byId.stderr, byUser.stderr, all.stderr]).toEqual(['', '', '']);
    const noted = await waitFor('the last to be in the log', () => {
      const lines = broker.log().filter(({ outcome }) => outcome === 'revoked');
      return lines.at(-1)?.['refreshToken'] === tokens.at(-1)?.['id'] ? lines : undefined;
    });
    expect(noted.slice(-3)).toMatchObject(
      tokens.map(({ id, service }) => ({
        level: 'info',
        message: 'refresh token revoked',
        event: 'refresh-token',
        refreshToken: id,
        user: 'alice',
        service,
        backend: 'local',
        client: 'control.sock',
      })),
    );
    expect(afterId.map(({ status }) => status)).toEqual([401, 200]);
    expect(afterUser.map(({ status }) => status)).toEqual([401, 200]);
    expect(afterAllOfThem).toMatchObject(REFUSED);
  });

  it('make the command say no when there is nothing to revoke, and ask for what to revoke', async () => {
    const unknown = await tokensCommand(broker, 'revoke', '0123456789ab');
    const nobody = await tokensCommand(broker, 'revoke', '--user', 'nobody');
    const nothing = await tokensCommand(broker, 'revoke');
    const both = await tokensCommand(broker, 'revoke', '--all', '--user', 'alice');

    expect(unknown).toMatchObject({ code: 1, stderr: 'fairlead: there is no token 0123456789ab\n' });
    expect(nobody).toMatchObject({
      code: 1,
      stderr: 'fairlead: nobody named "nobody" has tokens or sessions; check the spelling\n',
    });
    expect([nothing.code, both.code]).toEqual([2, 2]);
  });

  it('are counted, and logged without the token', async () => {
    const token = await login();
    await exchange(broker, SERVICE, token);
    await exchange(broker, OTHER, token);
    const metrics = await (await fetch(`${broker.url}/metrics`)).text();

    for (const outcome of ['issued', 'accepted']) {
      expect(metrics).toMatch(
        new RegExp(`fairlead_refresh_tokens_total{service="${SERVICE}",outcome="${outcome}"} [1-9]`),
      );
    }
    const lines = await waitFor('the lines of the log', () => {
      const found = broker.log().filter(({ event }) => event === 'refresh-token');
      return found.at(-3)?.['outcome'] === 'issued' ? found : undefined;
    });
    expect(lines.slice(-3)).toMatchObject([
      { level: 'info', message: 'refresh token issued', user: 'alice', backend: 'local', service: SERVICE },
      { level: 'info', message: 'refresh token accepted', user: 'alice', client: '127.0.0.1' },
      { level: 'info', message: 'refresh token refused', cause: 'it was issued for another service' },
    ]);
    expect(lines.at(-1)?.['refreshToken']).toBe(lines.at(-3)?.['refreshToken']);
  });

  it('are not in the file they are kept in', async () => {
    const token = await login();

    const names = ['fairlead.db', 'fairlead.db-wal'];
    const bytes = Buffer.concat(await Promise.all(names.map((name) => readFile(join(stateDir, name)))));

    expect(bytes.includes('"username":"alice"')).toBe(true);
    expect(bytes.includes(token)).toBe(false);
    expect(bytes.includes(token.slice(4))).toBe(false);
  });
});

it('refresh tokens end with a new password in the users file, and when the user has gone from it', async () => {
  await using broker = await startStaticBroker({ config: CONFIG });
  const token = await offlineLogin(broker, SERVICE, ALICE);
  const before = await exchange(broker, SERVICE, token);
  const ended = async (): Promise<boolean> => (await exchange(broker, SERVICE, token)).status === 401;

  await broker.write('users.yaml', await usersYaml());
  await waitFor('the new password to count', ended);
  const second = await offlineLogin(broker, SERVICE, ALICE);
  await broker.write('users.yaml', JSON.stringify({ users: {} }));
  await waitFor('her to be gone', async () => (await exchange(broker, SERVICE, second)).status === 401);

  expect(before.status).toBe(200);
  expect(await exchange(broker, SERVICE, second)).toMatchObject(REFUSED);
  broker.signal('SIGKILL');
});

describe('a broker that is killed', () => {
  it('loses no refresh token that it has answered, and brings back none that was revoked', async () => {
    const stateDir = await mkdtemp(join(tmpdir(), 'fairlead-killed-'));
    await using resources = new AsyncDisposableStack();
    resources.defer(() => rm(stateDir, { recursive: true, force: true }));
    const config = { ...CONFIG, services: { [SERVICE]: { refreshTokens: {} } }, stateDir };
    const users = { 'users.yaml': await usersYaml() };
    const kept: string[] = [];
    const revoked: string[] = [];

    for (let round = 0; round < 2; round += 1) {
      const broker = resources.use(await startStaticBroker({ config, files: users }));
      const ended = await offlineLogin(broker, SERVICE, ALICE);
      expect(await tokensCommand(broker, 'revoke', idOf(ended))).toMatchObject({ code: 0 });
      revoked.push(ended);
      // It ends while logins and uses are on their way: those that were answered are kept.
      const before = kept.length;
      const logins = Array.from({ length: 15 }, () =>
        offlineLogin(broker, SERVICE, ALICE).then((token) => kept.push(token)),
      );
      const uses = kept.map((token) => exchange(broker, SERVICE, token));
      const allOver = Promise.allSettled([...logins, ...uses]);
      await waitFor('some to be answered', () => kept.length > before + 3);
      broker.signal('SIGKILL');
      expect(await broker.process.exited).toMatchObject({ signal: 'SIGKILL' });
      await allOver;
    }
    await using last = await startStaticBroker({ config, files: users });

    const statuses = async (tokens: readonly string[]): Promise<readonly number[]> =>
      (await Promise.all(tokens.map((token) => exchange(last, SERVICE, token)))).map(({ status }) => status);
    expect(kept.length).toBeGreaterThan(6);
    expect(await statuses(kept)).toEqual(kept.map(() => 200));
    expect(await statuses(revoked)).toEqual(revoked.map(() => 401));
    last.signal('SIGKILL');
  });

  it('has its refresh tokens revoked, and the command says that no log line records it', async () => {
    await using broker = await startStaticBroker({ config: CONFIG });
    await offlineLogin(broker, SERVICE, ALICE);
    broker.signal('SIGKILL');
    await broker.process.exited;

    const { code, stdout, stderr } = await tokensCommand(broker, 'revoke', '--all');

    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^revoked [0-9a-f]{12} of alice/) });
    expect(stderr).toContain('fairlead: the broker did not log the revocation: no running broker answers at ');
    expect((await tokensCommand(broker, 'list')).stdout).toBe('there are no refresh tokens\n');
  });

  it('is not started where its file is none, and says which', async () => {
    await using broker = await startStaticBroker({
      config: CONFIG,
      files: { 'state/fairlead.db': 'no database at all, and long enough to be read: '.repeat(20) },
      ready: false,
    });

    const { code } = await broker.process.exited;

    expect(code).toBe(2);
    expect(broker.process.stderr()).toMatch(
      /fairlead\.db cannot be used as the embedded store: file is not a database/,
    );
  });

  it('has no such file where no service offers refresh tokens', async () => {
    await using broker = await startStaticBroker();

    const { code, stdout } = await tokensCommand(broker, 'list');

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'there are no refresh tokens: no service enables refreshTokens\n',
    });
    await expect(readFile(join(broker.folder, 'state/fairlead.db'))).rejects.toMatchObject({ code: 'ENOENT' });
    broker.signal('SIGKILL');
  });
});
