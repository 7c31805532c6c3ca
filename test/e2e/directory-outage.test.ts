/** A directory that goes, and comes back, while people log in. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimsOf, startBroker } from '../support/broker.ts';
import type { Broker, Login, TokenAnswer } from '../support/broker.ts';
import { findPart } from '../support/parts.ts';
import { SLAPD, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import {
  ALICE,
  ASK_PUBLIC,
  ASK_WEB,
  granted,
  muteDirectory,
  STATIC_CONFIG,
  usersYaml,
} from '../support/static-broker.ts';
import { startTcpStandIn } from '../support/tcp-stand-in.ts';
import { directoryBackend, TEAM_POLICY } from '../support/user-sources.ts';
import { MACHINE_MS, waitFor } from '../support/wait.ts';

const BUDGET_MS = 8000 + MACHINE_MS;
const BACK_WITHIN_MS = 2000 + MACHINE_MS;

async function readiness(
  broker: Broker,
): Promise<{ readonly status: number; readonly body: { readonly status: string } }> {
  const response = await fetch(`${broker.url}/readyz`);
  return { status: response.status, body: (await response.json()) as { status: string } };
}

describe.skipIf(findPart(SLAPD) === undefined)('acceptance 11: a directory that is stopped under load', () => {
  const resources = new AsyncDisposableStack();
  let slapd: Slapd;
  let broker: Broker;

  beforeAll(async () => {
    slapd = resources.use(await startSlapd());
    broker = resources.use(
      await startBroker({
        config: {
          ...STATIC_CONFIG,
          // Nothing remembered: each login reaches the directory.
          shield: { remember: '0s', rememberWrong: '0s', rememberRefused: '0s', wrongPasswords: { max: 0 } },
          backends: [directoryBackend(slapd)],
        },
        files: { 'ldap.password': slapd.bindPassword, 'policy.yaml': TEAM_POLICY },
      }),
    );
  });
  afterAll(() => resources.disposeAsync());

  it('makes logins 503 within 8 s, never anonymous, and is back within 2 s of its return', async () => {
    const { username: user, password } = slapd.people.alice;
    const wrong = { user, password: 'wrong-password-66' };
    const login = (): Promise<TokenAnswer> => broker.token(ASK_WEB, { user, password });
    expect((await login()).status).toBe(200);
    const answers: TokenAnswer[] = [];
    let isOver = false;
    const load = Array.from({ length: 10 }, async () => {
      while (!isOver) answers.push(await login());
    });
    await waitFor('load', () => answers.length > 50);

    await slapd.stop();
    await waitFor('refusals', () => answers.filter(({ status }) => status === 503).length > 20);
    const during = {
      anonymous: (await broker.token(ASK_PUBLIC)).status,
      wrong: (await broker.token(ASK_WEB, wrong)).status,
      readiness: await readiness(broker),
    };
    await slapd.start();
    const returned = performance.now();
    await waitFor('a login', async () => (await login()).status === 200, { timeoutMs: BACK_WITHIN_MS });
    await waitFor('readiness', async () => (await readiness(broker)).body.status === 'ready', {
      timeoutMs: BACK_WITHIN_MS,
    });
    const back = performance.now() - returned;
    isOver = true;
    await Promise.all(load);

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
    for (const { status, took, body, headers } of answers) {
      expect(took).toBeLessThan(BUDGET_MS);
      if (status === 200) expect(claimsOf(body['token'])).toMatchObject({ sub: 'alice' });
      else {
        expect(body).toMatchObject({ errors: [{ code: 'UNAVAILABLE' }] });
        expect(body).not.toHaveProperty('token');
        expect(headers.get('retry-after')).toMatch(/^[1-9]\d?$/);
      }
    }
    expect(during).toMatchObject({
      anonymous: 200,
      wrong: 503,
      readiness: { status: 200, body: { status: 'degraded', backends: { corp: 'down' } } },
    });
    expect(back).toBeLessThan(BACK_WITHIN_MS);
    expect((await broker.token(ASK_WEB, wrong)).status).toBe(401);
  });
});

describe.skipIf(findPart(SLAPD) === undefined)('acceptance 11: a directory that is away', () => {
  const resources = new AsyncDisposableStack();
  let slapd: Slapd;
  let alice: Login;
  let bob: Login;
  beforeEach(async () => {
    slapd = resources.use(await startSlapd());
    alice = { user: slapd.people.alice.username, password: slapd.people.alice.password };
    bob = { user: slapd.people.bob.username, password: slapd.people.bob.password };
  });
  afterAll(() => resources.disposeAsync());

  async function start(shield: Readonly<Record<string, unknown>>): Promise<Broker> {
    return resources.use(
      await startBroker({
        config: { ...STATIC_CONFIG, shield, backends: [directoryBackend(slapd)] },
        files: { 'ldap.password': slapd.bindPassword, 'policy.yaml': TEAM_POLICY },
      }),
    );
  }

  it('leaves pulls to who was seen lately, with staleIfError, and is 503 to everybody else', async () => {
    const broker = await start({ remember: '0s', staleIfError: '1h' });
    expect(await granted(broker, alice)).toBe('pull,push');

    await slapd.stop();
    const seen = await broker.token(ASK_WEB, alice);
    const others = [bob, { ...alice, password: 'another-password-3' }, { ...alice, password: bob.password }];
    const answers = await Promise.all(others.map((login) => broker.token(ASK_WEB, login)));

    expect(seen.status).toBe(200);
    expect(seen.body['expires_in']).toBeCloseTo(60, -1);
    expect(claimsOf(seen.body['token'])).toMatchObject({ sub: 'alice' });
    await broker.waitForLine((line) => line['source'] === 'stale');
    for (const { status, headers, took } of answers) {
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toMatch(/^[1-9]\d?$/);
      expect(took).toBeLessThan(BUDGET_MS);
    }
  });

  it('is 503 to who was seen lately too, without staleIfError, and no failure is cached', async () => {
    const broker = await start({ remember: '0s', rememberWrong: '15m', rememberRefused: '5m' });
    const wrong = { ...bob, password: 'wrong-password-77' };
    const ask = (login: Login): Promise<number> => broker.token(ASK_WEB, login).then(({ status }) => status);
    expect(await ask(alice)).toBe(200);

    await slapd.stop();
    // More often than wrong passwords are let through.
    const during = [await ask(alice), await ask(wrong)];
    for (let n = 0; n < 5; n += 1) during.push(await ask(bob));
    await slapd.start();
    await waitFor('a login', async () => (await ask(alice)) === 200, { timeoutMs: BACK_WITHIN_MS });

    expect(new Set(during)).toEqual(new Set([503]));
    expect([await ask(bob), await ask(wrong)]).toEqual([200, 401]);
  });
});

describe('a directory that takes connections and says nothing', () => {
  it('makes its own logins 503 within 8 s, and holds up nobody else', async () => {
    await using directory = await startTcpStandIn();
    await using broker = await startBroker({
      config: { ...STATIC_CONFIG, backends: [...STATIC_CONFIG.backends, muteDirectory(directory)] },
      files: { 'users.yaml': await usersYaml(), 'policy.yaml': TEAM_POLICY },
    });

    const stuck = Array.from({ length: 50 }, (_, index) =>
      broker.token(ASK_PUBLIC, { user: `user-${index}`, password: 'does-not-matter-12' }),
    );
    await waitFor('the directory to be asked', () => directory.connections() > 0);
    const anonymous = await broker.token(ASK_PUBLIC);
    const other = await broker.token(ASK_WEB, ALICE);
    const ready = await readiness(broker);
    const answers = await Promise.all(stuck);

    for (const { status, took, headers } of answers) {
      expect(status).toBe(503);
      expect(took).toBeLessThan(BUDGET_MS);
      expect(headers.get('retry-after')).toMatch(/^[1-9]\d?$/);
    }
    expect([anonymous.status, other.status]).toEqual([200, 200]);
    expect(anonymous.took).toBeLessThan(4000);
    expect(other.took).toBeLessThan(4000);
    expect(ready).toMatchObject({ status: 200, body: { status: 'degraded', backends: { local: 'up', corp: 'down' } } });
  });

  it('leaves a broker ready that serves nobody without it, because it still answers', async () => {
    await using directory = await startTcpStandIn();
    await using broker = await startBroker({
      config: { ...STATIC_CONFIG, services: { 'closed.example.com': {} }, backends: [muteDirectory(directory)] },
      files: { 'policy.yaml': TEAM_POLICY },
    });

    expect(await readiness(broker)).toMatchObject({
      status: 200,
      body: { status: 'degraded', backends: { corp: 'down' } },
    });
  });
});
