/** Logins of the credential helper at a broker: by the browser on the same machine, and by a typed code. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimsOf } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { startChallengingRegistry } from '../support/challenging-registry.ts';
import type { ChallengingRegistry } from '../support/challenging-registry.ts';
import { fetchBrowser } from '../support/fetch-browser.ts';
import type { FetchBrowser, Visit } from '../support/fetch-browser.ts';
import { openHome } from '../support/helper-host.ts';
import type { HelperHome, HelperRun } from '../support/helper-host.ts';
import { fieldsOf, refreshOf } from '../support/page-forms.ts';
import { noteSecret } from '../support/secrets.ts';
import { ALICE, SERVICE, startStaticBroker, STATIC_CONFIG } from '../support/static-broker.ts';
import { waitFor } from '../support/wait.ts';

const CLIENT = 'docker-credential-fairlead';
const DAY = 24 * 3600;

let broker: Broker;
let registry: ChallengingRegistry;
/** The public URL of the broker. */
let site: string;

beforeAll(async () => {
  broker = await startStaticBroker({
    config: {
      ...STATIC_CONFIG,
      services: { [SERVICE]: { anonymous: 'allow', refreshTokens: { idle: '10d', absolute: '30d' } } },
      console: {},
      helper: {},
    },
  });
  site = `http://localhost:${broker.port}`;
  registry = await startChallengingRegistry();
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await broker[Symbol.asyncDispose]();
});

let home: HelperHome;
let browser: FetchBrowser;
beforeEach(async () => {
  home = await openHome();
  home.env['BROWSER'] = '/bin/true';
  home.now = Math.floor(Date.now() / 1000);
  registry.challenge = `Bearer realm="${site}/token",service="${SERVICE}"`;
  browser = fetchBrowser();
});
afterEach(() => home[Symbol.asyncDispose]());

async function signIn(to = '/console/sign-ins'): Promise<Visit> {
  noteSecret(ALICE.password);
  return browser.submit(`${site}/sign-in`, { username: ALICE.user, password: ALICE.password, to });
}

const printedUrl = async (run: HelperRun): Promise<string> =>
  (await waitFor('the page to open', () => /^ {2}(http\S+)$/m.exec(run.stderr())))[1] ?? '';

/** Signs in with the helper as alice, with her click in the browser. */
async function loginByBrowser(): Promise<void> {
  const run = home.begin(['login', registry.name, '--no-configure']);
  await signIn();
  const consent = await browser.open(await printedUrl(run));
  const done = await browser.submit(`${site}/authorize`, { ...fieldsOf(consent), answer: 'yes' });
  await fetch(refreshOf(done));
  expect((await run.ended).code).toBe(0);
}

async function storedToken(): Promise<string> {
  const { stdout } = await home.run(['get'], registry.name);
  const { Username, Secret } = JSON.parse(stdout) as { Username: string; Secret: string };
  expect(Username).toBe('<token>');
  noteSecret(Secret);
  return Secret;
}

async function post(path: string, form: Readonly<Record<string, string>>, headers: Record<string, string> = {}) {
  const response = await fetch(`${site}${path}`, { method: 'POST', body: new URLSearchParams(form), headers });
  return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
}

const exchange = (token: string) =>
  post('/token', {
    grant_type: 'refresh_token',
    refresh_token: token,
    service: SERVICE,
    client_id: 'docker',
    scope: 'repository:web/a:pull,push',
  });

describe('a login in the browser on the same machine', () => {
  it('gives docker a token of its own, shown to nobody, that acts for the person', async () => {
    const run = home.begin(['login', registry.name]);
    const url = await printedUrl(run);
    const toSignIn = await browser.step(url);
    const consent = await signIn(
      decodeURIComponent(new URL(toSignIn.headers.get('location') ?? '', site).searchParams.get('to') ?? ''),
    );
    const done = await browser.submit(`${site}/authorize`, { ...fieldsOf(consent), answer: 'yes' });
    const end = await fetch(refreshOf(done));
    const { code, stderr } = await run.ended;

    expect([toSignIn.status, consent.status, done.status, end.status, code]).toEqual([303, 200, 200, 200, 0]);
    expect(consent.text).toContain('<b>alice</b>');
    expect(await end.text()).toBe('You are signed in. You can close this page.\n');
    expect(stderr).toContain(`${registry.name} names ${site} as its sign-in server.`);
    expect(stderr).toContain(`Signed in to ${registry.name} as alice, until `);
    const token = await storedToken();
    const { status, body } = await exchange(token);
    expect(status).toBe(200);
    expect(claimsOf(body['token'])).toMatchObject({
      sub: 'alice',
      access: [{ name: 'web/a', actions: ['pull', 'push'] }],
    });
    const docker = JSON.parse(await readFile(join(home.home, '.docker/config.json'), 'utf8')) as unknown;
    expect(docker).toEqual({ credHelpers: { [registry.name]: 'fairlead' } });
    for (const text of [stderr, url, done.text, refreshOf(done)]) expect(text).not.toContain(token);
  });

  it('ends for `get` when the server no longer accepts it, however often it was used', async () => {
    await loginByBrowser();

    home.now += 30 * DAY - 60;
    expect((await home.run(['get'], registry.name)).code).toBe(0);
    home.now += 120;

    expect(await home.run(['get'], registry.name)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has ended'),
    });
  });

  it('ends at the server as well when docker erases it', async () => {
    await loginByBrowser();
    const token = await storedToken();

    const codes = [await home.run(['erase'], registry.name), await home.run(['erase'], registry.name)];

    expect(codes.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    expect(await exchange(token)).toMatchObject({
      status: 401,
      body: {
        error_description: expect.stringContaining('sign in again (docker login, or docker-credential-fairlead login)'),
      },
    });
    await broker.waitForLine(({ message }) => message === 'refresh token revoked');
  });

  it('takes the place of an earlier one, which ends at the server', async () => {
    await loginByBrowser();
    const earlier = await storedToken();
    await loginByBrowser();

    expect([(await exchange(earlier)).status, (await exchange(await storedToken())).status]).toEqual([401, 200]);
  });

  it('reaches the helper as a refusal when the person says no', async () => {
    const run = home.begin(['login', registry.name, '--no-configure']);
    await signIn();
    const consent = await browser.open(await printedUrl(run));
    await fetch(refreshOf(await browser.submit(`${site}/authorize`, { ...fieldsOf(consent), answer: 'no' })));

    const { code, stderr } = await run.ended;

    expect([code, stderr]).toEqual([1, expect.stringContaining('the sign-in was refused in the browser')]);
    expect((await home.run(['get'], registry.name)).code).toBe(1);
  });

  it('is refused when the registry names another sign-in server than at the first login', async () => {
    await loginByBrowser();
    registry.challenge = `Bearer realm="http://127.0.0.1:${broker.port}/token",service="${SERVICE}"`;

    const { code, stderr } = await home.run(['login', registry.name]);

    expect(code).toBe(1);
    // The metadata are those of another issuer, and the pin would refuse it as well.
    expect(stderr).toContain('are those of another server');
  });

  it.each([
    ['http://auth.example.com/token', 'is not HTTPS'],
    ['not a URL', 'is not a URL'],
    [undefined, 'does not ask for a login'],
  ])('is refused when the registry names the realm %s', async (realm, problem) => {
    registry.challenge = realm === undefined ? undefined : `Bearer realm="${realm}",service="${SERVICE}"`;

    const { code, stderr } = await home.run(['login', registry.name]);

    expect([code, stderr]).toEqual([1, expect.stringContaining(problem)]);
  });
});

describe('an authorization request', () => {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const REDIRECT = 'http://127.0.0.1:40404/callback';
  const VALID = {
    response_type: 'code',
    client_id: CLIENT,
    redirect_uri: REDIRECT,
    resource: SERVICE,
    state: 'state-1',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  };
  const urlOf = (more: Readonly<Record<string, string>>): string =>
    `${site}/authorize?${new URLSearchParams({ ...VALID, ...more }).toString()}`;
  const redemption = (code: string) => ({
    grant_type: 'authorization_code',
    code,
    redirect_uri: REDIRECT,
    client_id: CLIENT,
    code_verifier: verifier,
    service: SERVICE,
  });

  async function approvedCode(): Promise<string> {
    await signIn();
    const consent = await browser.open(urlOf({}));
    const done = await browser.submit(`${site}/authorize`, { ...fieldsOf(consent), answer: 'yes' });
    const code = new URL(refreshOf(done)).searchParams.get('code') ?? '';
    noteSecret(code);
    return code;
  }

  it.each([
    { redirect_uri: 'https://evil.example.com/callback' },
    { redirect_uri: 'http://127.0.0.1:40404/other' },
    { redirect_uri: 'http://127.0.0.1:40404@evil.example.com/callback' },
    { redirect_uri: 'http://127.0.0.1.evil.example.com:40404/callback' },
    { redirect_uri: 'http://localhost:40404/callback' },
    { redirect_uri: 'http://127.0.0.1/callback' },
    { redirect_uri: 'http://127.0.0.1:99999/callback' },
    { redirect_uri: 'http://127.0.0.1:40404/callback?next=https://evil.example.com' },
    { client_id: 'docker' },
    { response_type: 'token' },
    { code_challenge_method: 'plain' },
    { code_challenge: 'short' },
    { state: '' },
    { resource: 'other.example.com' },
  ])('with %j is refused on a page of this server, signed in or not', async (more) => {
    const before = await browser.step(urlOf(more));
    await signIn();
    const after = await browser.step(urlOf(more));
    const sent = await browser.submit(`${site}/authorize`, { ...VALID, ...more, answer: 'yes' });

    expect([before, after, sent].map(({ status, headers }) => [status, headers.get('location')])).toEqual([
      [400, null],
      [400, null],
      [400, null],
    ]);
    expect(sent.text).not.toContain('code=');
  });

  it('of another site is refused, although the browser has a session', async () => {
    await signIn();

    const answers = [
      await browser.submit(`${site}/authorize`, { ...VALID, answer: 'yes' }, { 'sec-fetch-site': 'cross-site' }),
      await browser.submit(`${site}/device`, { code: 'BCDFGHJK' }, { 'sec-fetch-site': 'same-site' }),
      await browser.submit(`${site}/device/answer`, { code: 'BCDFGHJK', answer: 'yes' }, { 'sec-fetch-site': 'none' }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
  });

  it('without a click gives no code', async () => {
    await signIn();

    const consent = await browser.open(urlOf({ answer: 'yes', other: 'x' }));
    expect(consent.text).not.toContain('code=');
    expect(Object.keys(fieldsOf(consent)).toSorted()).toEqual(Object.keys(VALID).toSorted());
    expect(refreshOf(await browser.submit(`${site}/authorize`, VALID))).not.toContain('code=');
  });

  it('gives a code that is good once, also for two programs at the same time', async () => {
    const code = await approvedCode();

    const answers = await Promise.all([1, 2, 3].map(() => post('/token', redemption(code))));
    const later = await post('/token', redemption(code));

    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400, 400]);
    expect(later).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    const body = answers.find(({ status }) => status === 200)?.body ?? {};
    noteSecret(String(body['refresh_token']));
    expect(body).toMatchObject({ username: 'alice', refresh_token_expires_in: 30 * DAY, token_type: 'Bearer' });
  });

  it.each([
    { code_verifier: randomBytes(32).toString('base64url') },
    { redirect_uri: 'http://127.0.0.1:40405/callback' },
    { client_id: 'docker' },
    { code: randomBytes(32).toString('base64url') },
  ])('gives a code that is refused with %j', async (more) => {
    const code = await approvedCode();

    const { status, body } = await post('/token', { ...redemption(code), ...more });

    expect([status, body['error'], body['refresh_token']]).toEqual([400, 'invalid_grant', undefined]);
  });
});

describe('a login by a typed code', () => {
  const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

  async function open() {
    const { body } = await post('/device_authorization', { client_id: CLIENT, resource: SERVICE });
    noteSecret(String(body['device_code']));
    return { userCode: String(body['user_code']), deviceCode: String(body['device_code']), body };
  }
  const poll = (deviceCode: string) =>
    post('/token', { grant_type: DEVICE_GRANT, device_code: deviceCode, client_id: CLIENT, service: SERVICE });

  it('signs in a program on a machine without a browser', async () => {
    home.env['SSH_CONNECTION'] = '192.0.2.1 50000 192.0.2.2 22';
    const run = home.begin(['login', registry.name, '--no-configure']);
    const page = await printedUrl(run);
    const [, typed = ''] = await waitFor('the code', () => /^ {2}([A-Z]{4}-[A-Z]{4})$/m.exec(run.stderr()));
    await signIn('/device');

    const confirm = await browser.submit(page, { code: ` ${typed.toLowerCase().replace('-', ' ')} ` });
    const done = await browser.submit(`${site}/device/answer`, { ...fieldsOf(confirm), answer: 'yes' });
    const { code, stderr } = await run.ended;

    expect(page).toBe(`${site}/device`);
    expect([confirm.status, done.status, code]).toEqual([200, 200, 0]);
    expect(confirm.text).toContain(SERVICE);
    expect(confirm.text.indexOf('value="no"')).toBeLessThan(confirm.text.indexOf('value="yes"'));
    expect(stderr).toContain('as alice, until ');
    expect((await exchange(await storedToken())).status).toBe(200);
    await broker.waitForLine(({ message, method }) => message === 'helper login redeemed' && method === 'device');
  });

  it('offers no link with the code in it', async () => {
    const { body } = await open();

    expect(Object.keys(body).toSorted()).toEqual([
      'device_code',
      'expires_in',
      'interval',
      'user_code',
      'verification_uri',
    ]);
    await signIn();
    expect((await browser.open(`${site}/device?code=${String(body['user_code'])}`)).text).not.toContain(
      body['user_code'],
    );
  });

  it('answers polls: not yet, too early, refused; and a code is dead afterwards', async () => {
    const { userCode, deviceCode } = await open();
    const first = await poll(deviceCode);
    const early = await poll(deviceCode);
    await signIn();
    await browser.submit(`${site}/device/answer`, { code: userCode, answer: 'no' });
    const refused = await poll(deviceCode);
    const again = await browser.submit(`${site}/device/answer`, { code: userCode, answer: 'yes' });

    expect([first, early, refused].map(({ status, body }) => [status, body['error']])).toEqual([
      [400, 'authorization_pending'],
      [400, 'slow_down'],
      [400, 'access_denied'],
    ]);
    expect(again.status).toBe(400);
    expect(await poll(deviceCode)).toMatchObject({ body: { error: 'access_denied' } });
  });

  it('gives its login once', async () => {
    const { userCode, deviceCode } = await open();
    await signIn();
    await browser.submit(`${site}/device/answer`, { code: userCode, answer: 'yes' });

    const answers = await Promise.all([1, 2, 3].map(() => poll(deviceCode)));

    for (const { body } of answers) if (typeof body['refresh_token'] === 'string') noteSecret(body['refresh_token']);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400, 400]);
  });

  it('is not given to somebody who knows only the code that the person types', async () => {
    const { userCode } = await open();
    const guess = `${userCode.replace('-', '')}.${randomBytes(32).toString('base64url')}`;

    expect(await poll(guess)).toMatchObject({ status: 400, body: { error: 'expired_token' } });
  });

  it('is refused after five wrong codes, also with the right one', async () => {
    const { userCode } = await open();
    await signIn();
    const wrong = [];
    for (let count = 0; count < 5; count++) wrong.push(await browser.submit(`${site}/device`, { code: 'BBBBBBBB' }));

    const sixth = await browser.submit(`${site}/device`, { code: userCode });

    expect([...wrong, sixth].map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 429]);
  });
});

it('describes itself as an authorization server', async () => {
  const response = await fetch(`${site}/.well-known/oauth-authorization-server`);

  expect(await response.json()).toMatchObject({
    issuer: site,
    authorization_endpoint: `${site}/authorize`,
    token_endpoint: `${site}/token`,
    code_challenge_methods_supported: ['S256'],
  });
});
