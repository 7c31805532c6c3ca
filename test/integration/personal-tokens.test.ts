/** Personal tokens over HTTP and at the command line, with one person in a file. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, MAIN } from '../support/broker.ts';
import type { Broker, LogLine } from '../support/broker.ts';
import { createToken, logInWith } from '../support/personal-tokens.ts';
import { run } from '../support/process.ts';
import { offlineLogin, tokensCommand } from '../support/refresh-tokens.ts';
import { ALICE, SERVICE, startStaticBroker, STATIC_CONFIG } from '../support/static-broker.ts';
import { waitFor } from '../support/wait.ts';

const CONFIG = {
  ...STATIC_CONFIG,
  services: { [SERVICE]: { anonymous: 'allow', refreshTokens: {} } },
  personalTokens: { maxPerUser: 20 },
  trustedProxies: ['127.0.0.1'],
} as const;
const NOT_ACCEPTED = expect.stringMatching(/^this token is not accepted; create a new one, .* \(request .{36}\)$/);
const NOT_WHOLE = expect.stringMatching(/^this is not a whole token; copy it again \(request .{36}\)$/);

/** Where the answers to the logins came from. */
function loginsIn(lines: readonly LogLine[]): readonly unknown[] {
  return lines.flatMap(({ event, source }) => (event === 'login' ? [source] : []));
}

describe('personal tokens', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startStaticBroker({ config: CONFIG });
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  const logIn = (token: string, scope?: string, user?: string) => logInWith(broker, token, SERVICE, scope, user);

  it('are printed alone for a pipe, once, with a remark that names them', async () => {
    const made = await tokensCommand(broker, 'create', '--for', 'alice', '--name', 'a laptop', '--expires', '30d');
    const [, id = ''] = /token ([0-9a-f]{12}) /.exec(made.stderr) ?? [];
    const listed = await tokensCommand(broker, 'list', '--user', 'alice');

    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^flp_[0-9A-Za-z]{49}\n$/) });
    expect(made.stderr).toMatch(
      /^fairlead: token [0-9a-f]{12} \(a laptop\) of alice, valid until \S+; it is shown this/,
    );
    expect(listed.stdout).toMatch(
      new RegExp(
        `^ID +USER +NAME +BACKEND .*\\n${id} +alice +a laptop +local .* never +\\S+Z +valid +all the user may do\\n$`,
      ),
    );
    expect(listed.stdout).not.toContain('flp_');
    await broker.waitForLine(({ message }) => message === 'personal token created');
    expect((await logIn(made.stdout.trim())).granted).toEqual(['web/a:pull,push']);
    await tokensCommand(broker, 'revoke', id);
  });

  it('log in as their owner by the Basic header and by the form, whatever the user name, and get no refresh token', async () => {
    const { token } = await createToken(broker, 'alice');

    const answers = [await logIn(token), await logIn(token, undefined, 'bob'), await logIn(token, undefined, '')];
    const form = { grant_type: 'password', service: SERVICE, username: 'x', password: token, access_type: 'offline' };
    const posted = await fetch(`${broker.url}/token`, { method: 'POST', body: new URLSearchParams(form) });
    const login = await offlineLogin(broker, SERVICE, ALICE);

    for (const { status, granted, body } of answers) {
      expect([status, granted]).toEqual([200, ['web/a:pull,push']]);
      expect(body).not.toHaveProperty('refresh_token');
    }
    expect(posted.status).toBe(200);
    expect(await posted.json()).not.toHaveProperty('refresh_token');
    // The control: a password gets one.
    expect(login).toMatch(/^flr_/);
  });

  it('do what their limits allow, and nothing else', async () => {
    const limits = ['--limit', `${SERVICE} web/a,public/** pull`];
    const { token } = await createToken(broker, 'alice', '--name', 'puller', ...limits);
    const nothing = await createToken(broker, 'alice', '--no-registries', '--api', 'read');

    expect((await logIn(token)).granted).toEqual(['web/a:pull']);
    expect((await logIn(token, 'repository:web/b:pull')).granted).toEqual([]);
    expect((await logIn(token, 'repository:api/a:pull')).granted).toEqual([]);
    expect((await logIn(nothing.token)).granted).toEqual([]);
  });

  it('are refused with one sentence when they are unknown, revoked or used from elsewhere', async () => {
    const { token, id } = await createToken(broker, 'alice');
    const elsewhere = await createToken(broker, 'alice', '--from', '203.0.113.0/24');
    const before = await logIn(token);

    const revoked = await tokensCommand(broker, 'revoke', id);
    const answers = [await logIn(token), await logIn(elsewhere.token)];
    const from = { ...basic({ user: 'alice', password: elsewhere.token }), 'x-forwarded-for': '203.0.113.9' };
    const allowed = await fetch(`${broker.url}/token?service=${SERVICE}`, { headers: from });

    expect(before.status).toBe(200);
    expect(revoked).toMatchObject({ code: 0, stdout: `revoked ${id} of alice, named token\n`, stderr: '' });
    expect(answers).toMatchObject(answers.map(() => ({ status: 401, message: NOT_ACCEPTED })));
    expect(allowed.status).toBe(200);
    const lines = await broker.settledLog();
    const causes = lines.flatMap(({ event, cause }) => (event === 'personal-token' && cause ? [cause] : []));
    expect(causes.slice(-2)).toEqual(['never issued, expired, or revoked', 'it may not be used from this address']);
  });

  it('that are damaged get a sentence of their own, and no backend sees them', async () => {
    const { token } = await createToken(broker, 'alice');
    const logins = async () => (await broker.settledLog()).filter(({ event }) => event === 'login').length;
    const before = await logins();

    const answers = [await logIn(token.slice(0, -1)), await logIn(`${token} `), await logIn('flp_')];

    expect(answers).toMatchObject(answers.map(() => ({ status: 401, message: NOT_WHOLE })));
    expect(await logins()).toBe(before);
  });

  it('that are refused too often from one network are answered with 429, and valid ones still log in', async () => {
    const { token } = await createToken(broker, 'alice');
    const ask = async (password: string) => {
      const headers = { ...basic({ user: 'alice', password }), 'x-forwarded-for': '198.51.100.4' };
      return (await fetch(`${broker.url}/token?service=${SERVICE}`, { headers })).status;
    };

    const statuses = await Promise.all(Array.from({ length: 70 }, () => ask('flp_bad')));

    expect(statuses.filter((status) => status === 401)).toHaveLength(60);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
    expect(await ask(token)).toBe(200);
  });

  it('in a leaked text are revoked, and no others', async () => {
    const [leaked, other] = [
      await createToken(broker, 'alice', '--name', 'leaked'),
      await createToken(broker, 'alice'),
    ];
    const login = await offlineLogin(broker, SERVICE, ALICE);
    const command = [MAIN, 'tokens', 'check-leak', '--config', join(broker.folder, 'broker.yaml')];

    const found = await run(process.execPath, command, { stdin: `PASSWORD=${leaked.token}\n"${login}" flp_x\n` });
    const again = await run(process.execPath, command, { stdin: leaked.token });

    expect(found).toMatchObject({ code: 1, stderr: '' });
    expect(found.stdout.replace(/[0-9a-f]{12} of alice for/, 'ID of alice for')).toBe(
      `revoked ${leaked.id} of alice, named leaked\nrevoked ID of alice for ${SERVICE}\n` +
        '2 tokens found, 2 valid and now revoked, 0 damaged\n',
    );
    expect(again).toMatchObject({ code: 0, stdout: '1 token found, 0 valid and now revoked, 0 damaged\n' });
    expect(await logIn(leaked.token)).toMatchObject({ status: 401 });
    expect(await logIn(other.token)).toMatchObject({ status: 200 });
    await broker.waitForLine(({ event, cause }) => event === 'personal-token' && cause === 'leaked');
  });

  it('are counted in the metrics, and are in no file of the broker', async () => {
    const { token } = await createToken(broker, 'alice');
    await logIn(token);
    const metrics = await (await fetch(`${broker.url}/metrics`, { headers: {} })).text();

    for (const outcome of ['created', 'used', 'refused', 'revoked']) {
      expect(metrics).toMatch(new RegExp(`fairlead_personal_tokens_total{outcome="${outcome}"} [1-9]`));
    }
    const names = ['fairlead.db', 'fairlead.db-wal'];
    const bytes = Buffer.concat(await Promise.all(names.map((name) => readFile(join(broker.folder, 'state', name)))));
    expect(bytes.includes('"name":"puller"')).toBe(true);
    expect(bytes.includes(token.slice(4))).toBe(false);
  });

  it('end with everything else of their owner, also the cached login', async () => {
    const { token } = await createToken(broker, 'alice');
    const refresh = await offlineLogin(broker, SERVICE, ALICE);
    const ask = `service=${SERVICE}`;
    await broker.token(ask, ALICE);
    await broker.token(ask, ALICE);
    await waitFor('a cached login', () => loginsIn(broker.log()).at(-1) === 'memory');

    const ended = await tokensCommand(broker, 'revoke', '--user', 'alice');
    const personal = await logIn(token);
    const kubelet = await broker.token(ask, { user: '<token>', password: refresh });
    await broker.token(ask, ALICE);
    const after = await waitFor('the next login', () => {
      const lines = broker.log();
      const found = loginsIn(lines.slice(lines.findLastIndex(({ outcome }) => outcome === 'revoked')));
      return found.length > 0 ? found : undefined;
    });

    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(personal).toMatchObject({ status: 401, message: NOT_ACCEPTED });
    expect(kubelet.status).toBe(401);
    expect(after).toEqual(['backend']);
    expect((await tokensCommand(broker, 'list', '--user', 'alice')).stdout).toBe('there are no tokens of alice\n');
  });

  it('and a refresh token as the password of <token>, which kubelet and older clients send, is exchanged', async () => {
    const token = await offlineLogin(broker, SERVICE, ALICE);

    const { status, body } = await broker.token(`service=${SERVICE}&scope=repository:web/a:pull`, {
      user: '<token>',
      password: token,
    });

    expect([status, body]).toMatchObject([200, { expires_in: expect.any(Number) }]);
    expect(body).not.toHaveProperty('refresh_token');
  });
});
