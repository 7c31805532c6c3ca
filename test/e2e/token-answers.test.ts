/** The answers of the token endpoint: tokens that registries accept, and errors in JSON. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, claimsOf } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { ALICE, ASK_PUBLIC, ASK_WEB, SERVICE, startStaticBroker } from '../support/static-broker.ts';

const Q = `service=${SERVICE}`;
const KIB = 1024;

describe('answers', () => {
  const resources = new AsyncDisposableStack();
  let broker: Broker;

  beforeAll(async () => {
    broker = resources.use(await startStaticBroker());
  });
  afterAll(() => resources.disposeAsync());

  const form = (more: Readonly<Record<string, string>>): RequestInit => ({
    method: 'POST',
    body: new URLSearchParams({ service: SERVICE, ...more }),
  });

  it('have the lifetime of the token, no issue time, and headers that forbid caching', async () => {
    const url = `${broker.url}/token`;
    const login = form({ grant_type: 'password', username: ALICE.user, password: ALICE.password });
    const anonymous = await fetch(`${url}?${ASK_PUBLIC}`);
    const answers = [anonymous, await fetch(`${url}?${ASK_WEB}`, { headers: basic(ALICE) }), await fetch(url, login)];

    const lifetimes = [];
    for (const response of answers) {
      const body = (await response.json()) as Record<string, unknown>;
      lifetimes.push(body['expires_in']);
      expect(body).toMatchObject({ token: expect.stringMatching(/^eyJ/), access_token: body['token'] });
      expect(body).not.toHaveProperty('issued_at');
      expect(body).not.toHaveProperty('refresh_token');
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    }
    // Five minutes to pull, fifteen where push is granted.
    expect(lifetimes).toEqual([300, 900, 300]);
  });

  it('have claims that registries of both versions accept', async () => {
    const { body } = await broker.token(ASK_PUBLIC, ALICE);
    const [header = ''] = String(body['token']).split('.');
    const claims = claimsOf(body['token']);

    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      typ: 'JWT',
      alg: 'ES256',
      kid: expect.stringMatching(/^([A-Z2-7]{4}:){11}[A-Z2-7]{4}$/),
      x5c: [expect.stringMatching(/^MII[A-Za-z0-9+/]+=*$/)],
    });
    expect(claims).toEqual({
      iss: 'fairlead',
      sub: 'alice',
      aud: SERVICE,
      iat: expect.any(Number),
      nbf: claims['iat'],
      exp: Number(claims['iat']) + 30 + 300 + 60,
      jti: expect.stringMatching(/./),
      access: [{ type: 'repository', name: 'public/a', actions: ['pull'] }],
    });
    expect(Math.abs(Number(claims['iat']) + 30 - Date.now() / 1000)).toBeLessThan(5);
  });

  it('publish the keys under both of their ids, without private parts', async () => {
    const { keys } = (await (await fetch(`${broker.url}/.well-known/jwks.json`)).json()) as {
      keys: Record<string, unknown>[];
    };

    expect(keys.map(({ kid }) => kid)).toEqual([
      expect.stringMatching(/^([A-Z2-7]{4}:){11}[A-Z2-7]{4}$/),
      expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
    ]);
    for (const key of keys) {
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', x: expect.any(String) });
      expect(key).not.toHaveProperty('d');
    }
  });

  it.each<[what: string, status: number, code: string, path: string, init: RequestInit]>([
    ['a Bearer header', 401, 'UNAUTHORIZED', `/token?${Q}`, { headers: { authorization: 'Bearer abc' } }],
    [
      'a Basic header that is not base64',
      401,
      'UNAUTHORIZED',
      `/token?${Q}`,
      { headers: { authorization: 'Basic !!!' } },
    ],
    [
      'a Basic header without a colon',
      401,
      'UNAUTHORIZED',
      `/token?${Q}`,
      { headers: { authorization: 'Basic YWxpY2U=' } },
    ],
    ['a service named twice', 400, 'INVALID_REQUEST', `/token?${Q}&service=other`, {}],
    ['an unsupported grant', 400, 'UNSUPPORTED', '/token', form({ grant_type: 'authorization_code', code: 'x' })],
    [
      'a body that is not a form',
      400,
      'INVALID_REQUEST',
      '/token',
      { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
    ],
    ['a body over 64 KiB', 413, 'SIZE_INVALID', '/token', form({ scope: 'x'.repeat(65 * KIB) })],
    ['another method', 405, 'UNSUPPORTED', `/token?${Q}`, { method: 'DELETE' }],
    ['another path', 404, 'NOT_FOUND', '/nothing', {}],
  ])('to %s are JSON with status %i', async (_what, status, code, path, init) => {
    const response = await fetch(broker.url + path, init);

    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('allow')).toBe(status === 405 ? 'GET, POST' : null);
    expect(await response.json()).toMatchObject({
      errors: [{ code, message: expect.stringMatching(/ \(request .{36}\)$/) }],
    });
  });

  it('are given to request heads of up to 64 KiB; larger heads are refused in JSON', async () => {
    const scopes = Array.from({ length: 500 }, (_, index) => `scope=repository:web/${index}:pull`).join('&');
    const padded = (bytes: number) => headAnswer(broker.port, `/token?${Q}`, 'x'.repeat(bytes));

    expect(scopes.length).toBeGreaterThan(14 * KIB);
    expect(await headAnswer(broker.port, `/token?${Q}&${scopes}&filler=${'x'.repeat(45 * KIB)}`)).toMatchObject({
      status: 200,
    });
    expect(await padded(63 * KIB)).toMatchObject({ status: 200 });
    expect(await padded(65 * KIB)).toMatchObject({
      status: 431,
      contentType: 'application/json',
      body: { errors: [{ code: 'SIZE_INVALID', message: expect.stringContaining('too large') }] },
    });
  });

  it('are JSON also for bytes that are not HTTP', async () => {
    const answer = await talk(broker.port, 'NONSENSE\r\n\r\n');

    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
      errors: [{ code: 'INVALID_REQUEST' }],
    });
  });
});

interface HeadAnswer {
  readonly status: number | undefined;
  readonly contentType: string | undefined;
  readonly body: unknown;
}

function headAnswer(port: number, path: string, padding = ''): Promise<HeadAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HeadAnswer>();
  request({ host: '127.0.0.1', port, path, headers: { 'x-padding': padding } }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () =>
      resolve({ status: response.statusCode, contentType: response.headers['content-type'], body: JSON.parse(text) }),
    );
  })
    .on('error', reject)
    .end();
  return promise;
}

/** Sends bytes as they are, and reads until the other side closes. */
function talk(port: number, bytes: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  connect({ port, host: '127.0.0.1' })
    .setEncoding('utf8')
    .on('data', (chunk: string) => {
      text += chunk;
    })
    .on('error', reject)
    .on('close', () => resolve(text))
    .write(bytes);
  return promise;
}
