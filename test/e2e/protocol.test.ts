/** The token endpoint over HTTP, as registries' clients use and misuse it. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/backends/password-hash.ts';
import { claimsOf, startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';

const ALICE = { user: 'alice', password: 'pässword: with colon' } as const;
const SERVICE = 'registry.example.com';
const Q = `service=${SERVICE}`;
const PATHS = ['/token', '/token/', '/auth', '/auth/', '/auth/token', '/auth/token/'];

interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

describe('the token endpoint', () => {
  const resources = new AsyncDisposableStack();
  let broker: Broker;

  beforeAll(async () => {
    broker = resources.use(
      await startBroker({
        config: {
          services: {
            [SERVICE]: { anonymous: 'allow' },
            'Docker registry': { anonymous: 'allow' },
            'closed.example.com': {},
          },
          backends: [{ name: 'local', type: 'static-file', file: 'users.yaml' }],
          policy: 'policy.yaml',
        },
        files: {
          'users.yaml': JSON.stringify({
            users: { alice: { password: await hashPassword(ALICE.password), groups: ['team-web'] } },
          }),
          'policy.yaml': TEAM_POLICY,
        },
      }),
    );
  });
  afterAll(() => resources.disposeAsync());

  const accessOf = (token: unknown): readonly Access[] => claimsOf(token)['access'] as readonly Access[];
  const get = (query: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${broker.url}/token?${query}`, { headers });
  const post = (form: Record<string, string>, path = '/token'): Promise<Response> =>
    fetch(broker.url + path, { method: 'POST', body: new URLSearchParams(form) });
  const basic = (text: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(text).toString('base64')}`,
  });
  const asAlice = basic(`${ALICE.user}:${ALICE.password}`);
  const tokenFrom = async (response: Response): Promise<unknown> =>
    ((await response.json()) as { token: string }).token;

  it.each(PATHS)('answers GET and POST on %s', async (path) => {
    const got = await fetch(`${broker.url}${path}?${Q}`);
    const posted = await post(
      { grant_type: 'password', service: SERVICE, client_id: 'test', username: ALICE.user, password: ALICE.password },
      path,
    );

    expect([got.status, posted.status]).toEqual([200, 200]);
  });

  it('says how long a token may be used, and neither when it was issued nor anything to a cache', async () => {
    for (const response of [
      await get(Q),
      await post({ grant_type: 'password', service: SERVICE, username: 'alice', password: ALICE.password }),
    ]) {
      const body = (await response.json()) as Record<string, unknown>;

      expect(body).toMatchObject({ expires_in: expect.any(Number), token: body['access_token'] });
      expect(body).not.toHaveProperty('issued_at');
      expect(body).not.toHaveProperty('refresh_token');
      expect(response.headers.get('cache-control')).toBe('no-store');
    }
  });

  it.each([
    ['repeated', 'scope=repository:web/a:pull&scope=repository:web/b:push'],
    ['joined by a space', 'scope=repository:web/a:pull%20repository:web/b:push'],
    ['with a leading space', 'scope=%20repository:web/a:pull&scope=+repository:web/b:push'],
    ['twice and overlapping', 'scope=repository:web/a:pull&scope=repository:web/b:push&scope=repository:web/a:pull'],
    ['beside a malformed one', 'scope=repository:web/a:pull&scope=nonsense&scope=&scope=repository:web/b:push'],
  ])('takes scopes %s', async (_how, scopes) => {
    const response = await get(`${Q}&${scopes}`, asAlice);

    expect(response.status).toBe(200);
    const access = accessOf(await tokenFrom(response));
    expect(access.filter(({ name }) => name === 'web/a')).toEqual([
      { type: 'repository', name: 'web/a', actions: ['pull'] },
    ]);
    expect(access.filter(({ name }) => name === 'web/b')).toEqual([
      { type: 'repository', name: 'web/b', actions: ['push'] },
    ]);
  });

  it('grants what policy gives of what is asked, with 200', async () => {
    const response = await get(`${Q}&scope=repository:web/a:pull,push,delete&scope=repository:api/b:pull`, asAlice);

    expect(response.status).toBe(200);
    expect(accessOf(await tokenFrom(response))).toEqual([
      { type: 'repository', name: 'web/a', actions: ['pull', 'push'] },
    ]);
  });

  it('takes "Basic :" for anonymous, and a password without a name for a wrong login', async () => {
    const anonymous = await get(`${Q}&scope=repository:public/a:pull,push`, basic(':'));
    const nameless = await get(Q, basic(':x'));

    expect(anonymous.status).toBe(200);
    expect(claimsOf(await tokenFrom(anonymous))).toMatchObject({
      sub: '',
      access: [{ type: 'repository', name: 'public/a', actions: ['pull'] }],
    });
    expect(nameless.status).toBe(401);
  });

  it('never takes the account of the query for who asks', async () => {
    const anonymous = await get(`${Q}&account=alice&scope=repository:web/a:pull`);
    const alice = await get(`${Q}&account=bob&scope=repository:web/a:pull`, asAlice);

    expect(claimsOf(await tokenFrom(anonymous))).toMatchObject({ sub: '', access: [] });
    expect(claimsOf(await tokenFrom(alice))).toMatchObject({ sub: 'alice', access: [{ name: 'web/a' }] });
  });

  it('refuses an unknown service, and none, before it looks at who asks', async () => {
    const unknown = await get('service=other.example.com', basic('alice:wrong'));
    const none = await get('scope=repository:web/a:pull', asAlice);
    const empty = await get('service=', asAlice);

    expect([unknown.status, none.status, empty.status]).toEqual([400, 400, 400]);
    expect(await unknown.json()).toMatchObject({ errors: [{ code: 'UNKNOWN_SERVICE' }] });
  });

  it('serves a name with a space, as old guides have it', async () => {
    const response = await get('service=Docker+registry', asAlice);

    expect(claimsOf(await tokenFrom(response))).toMatchObject({ aud: 'Docker registry' });
    expect(broker.log().some(({ level, message }) => level === 'warn' && message.includes('Docker registry'))).toBe(
      true,
    );
  });

  it('refuses a wrong password even where anonymous is allowed, and no login where it is not', async () => {
    const wrong = await get(`${Q}&scope=repository:public/a:pull`, basic('alice:wrong-one'));
    const closed = await get('service=closed.example.com');

    expect([wrong.status, closed.status]).toEqual([401, 401]);
    expect(wrong.headers.get('www-authenticate')).toMatch(/^Basic realm="/);
    expect(await closed.json()).toMatchObject({ errors: [{ code: 'UNAUTHORIZED' }] });
  });

  it('answers what it cannot read in JSON', async () => {
    const answers = [
      [await get(Q, { authorization: 'Bearer abc' }), 401],
      [await get(Q, { authorization: 'Basic !!!' }), 401],
      [await post({ grant_type: 'refresh_token', service: SERVICE, refresh_token: 'x' }), 400],
      [
        await fetch(`${broker.url}/token`, {
          method: 'POST',
          body: '{}',
          headers: { 'content-type': 'application/json' },
        }),
        400,
      ],
      [await fetch(`${broker.url}/token?${Q}`, { method: 'DELETE' }), 405],
      [await fetch(`${broker.url}/nothing`), 404],
    ] as const;

    for (const [answer, status] of answers) {
      expect(answer.status).toBe(status);
      expect(await answer.json()).toMatchObject({
        errors: [{ code: expect.any(String), message: expect.any(String) }],
      });
    }
  });

  it('takes request heads of up to 64 KiB and no more', async () => {
    const scopes = (bytes: number): string =>
      Array.from(
        { length: Math.floor(bytes / 40) },
        (_, index) => `scope=repository:web/${String(index).padStart(10, '0')}:pull`,
      ).join('&');

    expect(await headStatus(broker.port, `/token?${Q}&${scopes(18_000)}`)).toBe(200);
    expect(await headStatus(broker.port, `/token?${Q}`, 'x'.repeat(60_000))).toBe(200);
    expect(await headStatus(broker.port, `/token?${Q}`, 'x'.repeat(70_000))).toBe(431);
  });

  it('makes tokens that registries of both versions read', async () => {
    const claims = claimsOf(await tokenFrom(await get(`${Q}&scope=repository:web/a:pull`, asAlice)));

    expect(claims).toMatchObject({ iss: 'fairlead', sub: 'alice', aud: SERVICE, jti: expect.any(String) });
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(300 + 60 + 30);
    expect(claims['nbf']).toBe(claims['iat']);
  });

  it('publishes its keys under both of their ids', async () => {
    const { keys } = (await (await fetch(`${broker.url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };

    expect(keys).toHaveLength(2);
    expect(keys[0]?.kid).toMatch(/^([A-Z2-7]{4}:){11}[A-Z2-7]{4}$/);
    expect(keys[1]?.kid).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('refuses hostile names in the same words and at the same pace', async () => {
    const logins = [
      'alice:wrong-password-1',
      'nobody:wrong-password-1',
      'alice:',
      '*:wrong-password-1',
      ')(uid=*:wrong-password-1',
      `${'x'.repeat(300)}:wrong-password-1`,
      'al\0ice:wrong-password-1',
      'alice:wrong\0password',
    ];

    const answers = [];
    for (const login of logins) {
      const started = performance.now();
      const response = await get(Q, basic(login));
      const text = (await response.text()).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID');
      answers.push({ status: response.status, text, took: performance.now() - started });
    }

    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
    // The floor hides what each refusal costs; what is above it is the noise of the machine.
    for (const { took } of answers) expect(took).toBeGreaterThanOrEqual(249);
  });
});

function headStatus(port: number, path: string, padding = ''): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  request({ host: '127.0.0.1', port, path, headers: { 'x-padding': padding } }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  })
    .on('error', reject)
    .end();
  return promise;
}
