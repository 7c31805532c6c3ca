/** What operators look at: readiness, metrics and the log, which holds nothing that is secret. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import type { Broker, TokenAnswer } from '../support/broker.ts';
import { noteSecret, secretsIn } from '../support/secrets.ts';
import {
  ALICE,
  ASK_PUBLIC,
  ASK_WEB,
  SERVICE,
  startStaticBroker,
  STATIC_CONFIG,
  usersYaml,
  WRONG,
} from '../support/static-broker.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';
import { freePort } from '../support/free-port.ts';

describe('for operators,', () => {
  const resources = new AsyncDisposableStack();
  let broker: Broker;
  let admin: string;
  let refused: TokenAnswer;

  beforeAll(async () => {
    const port = await freePort();
    admin = `http://127.0.0.1:${port}`;
    broker = resources.use(
      await startStaticBroker({ config: { ...STATIC_CONFIG, admin: { listen: `127.0.0.1:${port}` } } }),
    );
    await broker.token(`${ASK_WEB}&scope=repository:api/a:push&scope=nonsense`, ALICE);
    await broker.token(ASK_PUBLIC);
    refused = await broker.token(ASK_WEB, WRONG);
  });
  afterAll(() => resources.disposeAsync());

  it('readiness names each backend and the policy in force, on the admin listener only', async () => {
    const [response, onMain] = [await fetch(`${admin}/readyz`), await fetch(`${broker.url}/readyz`)];

    expect([response.status, onMain.status]).toEqual([200, 200]);
    expect(await response.json()).toEqual({
      status: 'ready',
      backends: { local: 'up' },
      policy: { revision: expect.stringMatching(/^[0-9a-f]{12}$/), stale: false },
      keys: { stale: false },
      audit: 'ok',
    });
    expect(await onMain.json()).toEqual({ status: 'ready' });
  });

  it('metrics count decisions and logins, on the admin listener only', async () => {
    const response = await fetch(`${admin}/metrics`);
    const page = await response.text();

    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const sample of [
      `fairlead_decisions_total{service="${SERVICE}",outcome="all"} 2`,
      `fairlead_decisions_total{service="${SERVICE}",outcome="none"} 1`,
      'fairlead_tokens_total{outcome="issued"} 2',
      'fairlead_tokens_total{outcome="invalid_credentials"} 1',
      'fairlead_logins_total{backend="local",outcome="authenticated",source="backend"} 1',
      'fairlead_logins_total{backend="local",outcome="rejected",source="backend"} 1',
      'fairlead_login_seconds_count{backend="local",outcome="authenticated"} 1',
      'fairlead_backend_up{backend="local"} 1',
      'fairlead_connection_limit{listener="admin"} 32',
    ]) {
      expect(page).toContain(`${sample}\n`);
    }
    expect(page).toMatch(/^fairlead_open_connections\{listener="main"\} [1-9]/m);
    expect((await fetch(`${broker.url}/metrics`)).status).toBe(404);
    expect((await fetch(`${admin}/token?service=${SERVICE}`)).status).toBe(404);
  });

  it('metrics name no person and no repository', async () => {
    const page = await (await fetch(`${admin}/metrics`)).text();

    expect(page).toContain(SERVICE);
    expect(page).not.toMatch(/alice|web\/a|public\/a/);
  });

  it('the log has one line for each decision, with all that an audit needs', async () => {
    const [person, nobody, ...others] = (await broker.settledLog()).filter(({ event }) => event === 'token.issued');

    expect(others).toEqual([]);
    expect(person).toMatchObject({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: 'info',
      user: 'alice',
      client: '127.0.0.1',
      backend: 'local',
      groups: ['team-web'],
      service: SERVICE,
      asked: ['repository:web/a:pull,push', 'repository:api/a:push'],
      granted: ['repository:web/a:pull,push'],
      rules: ['teams own their namespace'],
      malformed: ['nonsense'],
      tokenId: expect.stringMatching(/./),
      policy: expect.stringMatching(/^[0-9a-f]{12}$/),
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(nobody).toMatchObject({ user: '', anonymous: true, granted: ['repository:public/a:pull'] });
  });

  it('the log explains a refused login under the request id that the client got', async () => {
    const [error] = refused.body['errors'] as readonly { readonly message: string }[];
    const [, requestId] = /\(request ([0-9a-f-]{36})\)/.exec(error?.message ?? '') ?? [];
    const lines = (await broker.settledLog()).filter((line) => line['requestId'] === requestId);

    expect(lines).toEqual([
      expect.objectContaining({ event: 'login', user: 'alice', outcome: 'rejected', reason: 'wrong-password' }),
      expect.objectContaining({ level: 'warn', event: 'token.refused', user: 'alice', code: 'invalid_credentials' }),
    ]);
  });
});

describe('the search for passwords and tokens in the log of every broker', () => {
  it('finds none after logins, but finds a password that was typed as a user name', async () => {
    const broker = await startStaticBroker();
    const { body } = await broker.token(ASK_WEB, ALICE);
    const typed = 'a-password-typed-as-name-77';
    await broker.settledLog();
    const before = secretsIn(broker.process.output());

    await broker.token(ASK_WEB, { user: typed, password: 'something-else-78' });
    await broker.settledLog();
    noteSecret(typed);

    expect(before).toEqual([]);
    expect(secretsIn(String(body['token']))).toEqual(['eyJ']);
    expect(secretsIn(broker.process.output())).toEqual([typed]);
    await expect(broker[Symbol.asyncDispose]()).rejects.toThrow(`has written what is secret: ${typed}`);
  });

  it('finds none when a password file is invalid', async () => {
    const secret = 'plain-text-password-88';
    noteSecret(secret);
    await using broker = await startBroker({
      config: STATIC_CONFIG,
      files: { 'users.yaml': `users: { alice: { password: "${secret}" } }`, 'policy.yaml': TEAM_POLICY },
      ready: false,
    });

    expect(await broker.process.exited).toMatchObject({ code: 2 });
    expect(broker.process.stderr()).toMatch(/users\.yaml:1:\d+/);
    expect(secretsIn(`${await usersYaml()}${secret}`)).toEqual([secret]);
  });
});
