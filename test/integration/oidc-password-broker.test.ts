/** What docker reads when people log in over an OpenID provider, and what stays in the broker afterwards. */
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimsOf, startBroker } from '../support/broker.ts';
import type { Broker, TokenAnswer } from '../support/broker.ts';
import { heapOf, heapReadable } from '../support/heap.ts';
import { startOpenIdProvider } from '../support/openid-provider.ts';
import { startScriptedProvider } from '../support/scripted-openid-provider.ts';
import type { Answer, ScriptedProvider } from '../support/scripted-openid-provider.ts';
import { noteSecret } from '../support/secrets.ts';
import { ASK_WEB } from '../support/static-broker.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';
import { waitFor } from '../support/wait.ts';

const ALICE = { user: 'alice', password: 'alice-knows-this-1' };
const WRONG = { user: 'alice', password: 'not-what-alice-knows' };
const CLIENT_SECRET = 'secret-of-the-registry-client';
const HTML = { headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' };

interface More {
  readonly clientSecret?: string;
  readonly env?: Readonly<Record<string, string>>;
}

function startOver(issuer: string, { timeout, ...more }: More & { readonly timeout?: string } = {}): Promise<Broker> {
  return startOverAll([{ name: 'sso', issuer, ...(timeout === undefined ? {} : { timeout }) }], more);
}

function startOverAll(backends: readonly object[], { clientSecret, env }: More = {}): Promise<Broker> {
  // So that no log of a broker may hold it.
  noteSecret(clientSecret ?? CLIENT_SECRET);
  const client = { id: 'registry', secret: { file: 'client-secret' } };
  return startBroker({
    config: {
      services: { 'registry.example.com': { anonymous: 'deny' } },
      policy: 'policy.yaml',
      backends: backends.map((backend) => ({ type: 'oidc-password', client, ...backend })),
    },
    files: { 'client-secret': clientSecret ?? CLIENT_SECRET, 'policy.yaml': TEAM_POLICY },
    ...(env === undefined ? {} : { env }),
  });
}

const messageOf = ({ body }: TokenAnswer): string => JSON.stringify(body['errors']);

describe('acceptance 17: a broker over oidc-provider', () => {
  it('gives a token for the right password, 401 for a wrong one, and leaves no session behind', async () => {
    await using provider = await startOpenIdProvider();
    await using broker = await startOver(provider.issuer);

    const [right, wrong] = [await broker.token(ASK_WEB, ALICE), await broker.token(ASK_WEB, WRONG)];

    expect([right.status, wrong.status]).toEqual([200, 401]);
    expect(claimsOf(right.body['token'])['access']).toMatchObject([{ actions: ['pull', 'push'] }]);
    expect(messageOf(wrong)).toContain('wrong user name or password');
    const paths = () => provider.calls().map(({ path }) => path);
    await waitFor('the revocation', () => paths().includes('/token/revocation'));
    expect(provider.sessions()).toBe(0);
  });

  it('answers 503 to everybody, and raises an alarm, when the client secret is wrong', async () => {
    await using provider = await startOpenIdProvider();
    await using broker = await startOver(provider.issuer, { clientSecret: 'not-the-secret-of-it' });

    const answer = await broker.token(ASK_WEB, ALICE);

    expect(answer.status).toBe(503);
    expect(await broker.waitForLine(({ level }) => level === 'error')).toMatchObject({
      message: expect.stringContaining('nobody can log in'),
      backend: 'sso',
      cause: expect.stringMatching(/invalid_client.*client\.secret/),
    });
  });

  it('answers 503 inside 5 s while the provider is stopped, and a token once it is back', async () => {
    const first = await startOpenIdProvider();
    await using broker = await startOver(first.issuer);
    await first.stop();

    const during = await broker.token(ASK_WEB, ALICE);
    await using second = await startOpenIdProvider({ port: first.port });
    const after = await broker.token(ASK_WEB, ALICE);

    expect([during.status, after.status]).toEqual([503, 200]);
    expect(during.took).toBeLessThan(5000);
    expect(second.requests()).toHaveLength(1);
  });
});

describe('acceptance 17: a broker over providers that are not themselves', () => {
  const BROKEN: readonly Answer[] = [
    'hang',
    'trickle',
    HTML,
    { ...HTML, status: 401 },
    { status: 302, headers: { location: 'http://127.0.0.1:9/' } },
    { status: 500 },
  ];

  it('answers 503 inside 5 s while one is silent, answers in HTML or redirects, and a token to the next login', async () => {
    await using resources = new AsyncDisposableStack();
    const cases = await Promise.all(
      BROKEN.flatMap((answer) => (['discovery', 'token'] as const).map((endpoint) => ({ endpoint, answer }))).map(
        async (broken, index) => ({
          ...broken,
          provider: resources.use(await startScriptedProvider()),
          login: { ...ALICE, user: `alice-${index}` },
        }),
      ),
    );
    const broker = resources.use(
      await startOverAll(
        cases.map(({ provider: { issuer }, login }, index) => ({
          name: `sso-${index}`,
          issuer,
          usernames: [login.user],
        })),
      ),
    );
    for (const { provider, endpoint, answer } of cases) provider.answer(endpoint, answer);

    const during = await Promise.all(cases.map(({ login }) => broker.token(ASK_WEB, login)));
    for (const { provider } of cases) provider.repair();
    const after = await Promise.all(cases.map(({ login }) => broker.token(ASK_WEB, login)));

    expect(new Set(during.map(({ status }) => status))).toEqual(new Set([503]));
    expect(Math.max(...during.map(({ took }) => took))).toBeLessThan(5000);
    expect(new Set(after.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

describe('acceptance 17: a broker over a provider that refuses', () => {
  const resources = new AsyncDisposableStack();
  let provider: ScriptedProvider;
  let broker: Broker;

  beforeAll(async () => {
    provider = resources.use(await startScriptedProvider());
    broker = resources.use(await startOver(provider.issuer));
  });
  afterAll(() => resources.disposeAsync());

  it.each([429, 503])('hands on when to come back after %i', async (refusal) => {
    provider.answer('token', { status: refusal, headers: { 'retry-after': '17' } });

    const { status, headers } = await broker.token(ASK_WEB, ALICE);

    expect([status, headers.get('retry-after')]).toEqual([503, '17']);
  });

  it('answers 503 to slow_down, which is about the broker and no password', async () => {
    provider.answer('token', { status: 400, body: { error: 'slow_down' } });

    expect((await broker.token(ASK_WEB, ALICE)).status).toBe(503);
  });

  it('says that a second factor is required and what to do, and sends no other password for it', async () => {
    const body = { error: 'invalid_grant', error_description: 'AADSTS50076: use multi-factor', error_codes: [50_076] };
    provider.answer('token', { status: 400, body });
    const before = provider.calls().length;

    const right = await broker.token(ASK_WEB, ALICE);
    const wrong = await broker.token(ASK_WEB, WRONG);
    provider.repair();
    const again = await broker.token(ASK_WEB, ALICE);

    expect([right.status, wrong.status, again.status]).toEqual([401, 401, 401]);
    expect(right.headers.get('www-authenticate')).toMatch(/^Basic/);
    expect(messageOf(right)).toMatch(/second factor.*token of your identity provider in place of the password/);
    expect(messageOf(wrong)).toContain('wrong user name or password');
    expect(messageOf(again)).toContain('second factor');
    expect(provider.calls().slice(before)).toEqual(['token']);
  });
});

describe('the heap of a broker over an OpenID provider', () => {
  it('holds no password, client secret or ID token once logins are over, and shows them while one is under way', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-heap-'));
    await using provider = await startScriptedProvider();
    const idToken = provider.sign(provider.claims());
    provider.answer('token', provider.tokens(idToken));
    await using broker = await startOver(provider.issuer, {
      env: heapReadable(folder.path),
      timeout: '7s',
    });
    const OTHER = { user: 'alice', password: 'another-that-alice-knows' };
    const secrets = [ALICE.password, CLIENT_SECRET, idToken];

    provider.answer('jwks', 'hang');
    const login = broker.token(ASK_WEB, ALICE);
    await waitFor('the login to wait for keys', () => provider.calls().includes('jwks'));
    const during = await heapOf(broker, folder.path);
    await login;
    provider.repair();
    provider.answer('token', provider.tokens(idToken));
    const right = await broker.token(ASK_WEB, ALICE);
    provider.answer('token', { status: 400, body: { error: 'invalid_grant' } });
    const wrong = await broker.token(ASK_WEB, OTHER);
    await broker.token(ASK_WEB);
    const after = await heapOf(broker, folder.path);

    expect([right.status, wrong.status]).toEqual([200, 401]);
    expect(secrets.map((secret) => during.includes(secret))).toEqual([true, true, true]);
    expect([...secrets, OTHER.password].map((secret) => after.includes(secret))).toEqual([false, false, false, false]);
    expect(after).toContain('teams own their namespace');
  });
});
