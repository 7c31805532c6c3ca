/** The endpoint for proxies: which request they ask about, and what they get for it. */
import type { OutgoingHttpHeaders } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import type { AuditEvent } from '../../../src/core/events.ts';
import { ANONYMOUS } from '../../../src/core/identity.ts';
import type { Caller } from '../../../src/core/identity.ts';
import type { TokenVerifier } from '../../../src/core/ports.ts';
import type { RegistryProxy } from '../../../src/core/registry-proxy.ts';
import { createForwardAuth } from '../../../src/flows/forward-auth.ts';
import type { Identify } from '../../../src/flows/identify.ts';
import { answerForwardAuth } from '../../../src/http/forward-auth/endpoint.ts';
import type { ForwardAuthService } from '../../../src/http/forward-auth/endpoint.ts';
import { identity } from '../../support/fake-backend.ts';
import { fixedClock, noWaiting, recordingAudit, recordingLog } from '../../support/fakes.ts';
import { openHttpApp } from '../../support/http-app.ts';
import type { Answer, HttpApp } from '../../support/http-app.ts';
import { policyOf } from '../../support/policy-builder.ts';

const POLICY = policyOf([
  { name: 'everyone pulls', everyone: true, repositories: ['public/**'], allow: ['pull'] },
  { name: 'alice', users: ['alice'], repositories: ['web/**'], allow: ['pull', 'push'] },
]);
const DIGEST = `sha256:${'a'.repeat(64)}`;

/** A token that pulls `web/shop`, one of anonymous, and none. */
const verifier: TokenVerifier = {
  verify: (service, token) => {
    const access = [{ type: 'repository', name: 'web/shop', actions: ['pull'] }];
    if (service !== 'bearer.example.com') return 'it is for another service';
    if (token.reveal() === 'a.good.token') return { username: 'alice', tokenId: 'id-7', access };
    return token.reveal() === 'an.anonymous.token' ? { username: '', tokenId: 'id-8', access } : 'it has expired';
  },
};

const logins: string[] = [];
const identify: Identify = async (credential) => {
  if (credential === undefined) return ANONYMOUS;
  logins.push(credential.username);
  if (credential.username === 'down') throw new BrokerError('backend_unavailable', 'corp does not answer');
  if (!credential.password.matches((text) => text === 'secret')) {
    throw new BrokerError('invalid_credentials', 'wrong-password', { about: { reason: 'wrong-password' } });
  }
  return { kind: 'user', identity: identity(credential.username) };
};

function serviceOf(name: string, proxy: RegistryProxy, mode: 'bearer' | 'basic', anonymous: 'allow' | 'deny') {
  const service = { name, anonymous, lifetimes: { pull: 300, push: 900 } };
  const found: ForwardAuthService = {
    service,
    proxy,
    mode,
    routes: { allowRoutes: ['preflight'], mountAnywhere: false },
  };
  return [name, found] as const;
}

const SERVICES = new Map([
  serviceOf('bearer.example.com', 'nginx', 'bearer', 'deny'),
  serviceOf('caddy.example.com', 'caddy', 'bearer', 'deny'),
  serviceOf('traefik.example.com', 'traefik', 'bearer', 'deny'),
  serviceOf('basic.example.com', 'envoy', 'basic', 'allow'),
  serviceOf('closed.example.com', 'envoy', 'basic', 'deny'),
  serviceOf('localhost:5000/a b', 'envoy', 'bearer', 'deny'),
]);

interface World extends AsyncDisposable {
  readonly app: HttpApp;
  readonly audit: ReturnType<typeof recordingAudit>;
  readonly log: ReturnType<typeof recordingLog>;
}

async function open(trusts = true): Promise<World> {
  const [audit, log, clock] = [recordingAudit(), recordingLog(), fixedClock()];
  const exchangeRefreshToken = async (): Promise<Caller> => ({ kind: 'user', identity: identity('alice') });
  const flow = { verifier, identify, exchangeRefreshToken, policy: () => POLICY, clock, timer: noWaiting, audit };
  const forwardAuth = answerForwardAuth({
    services: SERVICES,
    publicPath: '/registry-auth',
    tokenUrl: 'https://auth.example.com/registry-auth/token',
    realm: 'fairlead',
    isTrustedProxy: () => trusts,
    forwardAuth: createForwardAuth(flow),
    audit,
    clock,
    log,
  });
  const app = await openHttpApp({ forwardAuth, publicPath: '/registry-auth' });
  return { app, audit, log, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

let world: World;
beforeAll(async () => {
  world = await open();
  return () => world[Symbol.asyncDispose]();
});

type Sent = { readonly method?: string; readonly headers?: Record<string, string | string[]>; readonly body?: string };

/** Asks as nginx does. */
function ask(target: string, { method = 'GET', headers = {} }: Sent = {}): Promise<Answer> {
  const original = { 'X-Original-Method': method, 'X-Original-URI': target };
  return world.app.send('/forward-auth/bearer.example.com', { headers: { ...original, ...headers } });
}

/** Asks as Envoy does. */
function askBasic(target: string, { method = 'GET', headers = {}, body }: Sent = {}, service = 'basic.example.com') {
  const sent = body === undefined ? {} : { body };
  return world.app.send(`/forward-auth/${service}${target}`, { method, headers, ...sent });
}

const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
const basic = (user: string, password: string) => ({
  headers: { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
});

function codes(answer: Answer): readonly [status: number | undefined, code: unknown] {
  const [error] = (answer.json?.['errors'] ?? []) as readonly { readonly code: string }[];
  return [answer.status, error?.code];
}

function lastEvent(): AuditEvent | undefined {
  return world.audit.events.at(-1);
}

describe('forward-auth with tokens', () => {
  it('sends a client without a token to the token endpoint, with the scope of its request', async () => {
    const answer = await ask('/v2/web/shop/manifests/latest', { method: 'PUT' });

    expect(codes(answer)).toEqual([401, 'UNAUTHORIZED']);
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer realm="https://auth.example.com/registry-auth/token",service="bearer.example.com",scope="repository:web/shop:pull,push"',
    );
    expect(answer.json?.['errors']).toEqual([
      { code: 'UNAUTHORIZED', message: expect.stringMatching(/^authentication required \(request id-\d+\)$/) },
    ]);
  });

  it('asks for no scope at /v2/, by which docker login starts', async () => {
    const answer = await ask('/v2/');

    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="[^"]+",service="bearer.example.com"$/);
  });

  it('names both repositories of a mount', async () => {
    const answer = await ask(`/v2/web/shop/blobs/uploads/?mount=${DIGEST}&from=web/base`, { method: 'POST' });

    expect(answer.headers['www-authenticate']).toMatch(
      /,scope="repository:web\/shop:pull,push repository:web\/base:pull"$/,
    );
  });

  it('allows what the token grants, and says who it is for', async () => {
    const answer = await ask('/v2/web/shop/manifests/latest', bearer('a.good.token'));

    expect([answer.status, answer.text, answer.headers['x-fairlead-user']]).toEqual([200, '', 'alice']);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['www-authenticate']).toBeUndefined();
    expect(lastEvent()).toMatchObject({ type: 'access.checked', outcome: 'allowed', username: 'alice' });
  });

  it('says that a token is for nobody, so that a header of the client is never left in place', async () => {
    const answer = await ask('/v2/web/shop/manifests/latest', {
      headers: { ...bearer('an.anonymous.token').headers, 'X-Fairlead-User': 'admin' },
    });

    expect([answer.status, answer.headers['x-fairlead-user']]).toEqual([200, '<anonymous>']);
  });

  it('allows any valid token at /v2/', async () => {
    expect((await ask('/v2/', bearer('a.good.token'))).status).toBe(200);
  });

  it.each([
    ['an action', 'PUT', '/v2/web/shop/manifests/latest'],
    ['a repository', 'GET', '/v2/web/shop2/manifests/latest'],
    ['the catalog', 'GET', '/v2/_catalog'],
    ['the source of a mount', 'POST', `/v2/web/shop/blobs/uploads/?mount=${DIGEST}&from=web/base`],
  ])('refuses %s that the token does not grant', async (_what, method, target) => {
    const answer = await ask(target, { method, ...bearer('a.good.token') });

    expect(codes(answer)).toEqual([401, 'DENIED']);
    expect(answer.headers['www-authenticate']).toMatch(/,scope="[^"]+",error="insufficient_scope"$/);
    expect(lastEvent()).toMatchObject({
      outcome: 'insufficient_scope',
      username: 'alice',
      cause: expect.stringContaining('id-7'),
    });
  });

  it('refuses a token that is not valid, and says so to the client', async () => {
    const answer = await ask('/v2/web/shop/manifests/latest', bearer('an.old.token'));

    expect(codes(answer)).toEqual([401, 'UNAUTHORIZED']);
    expect(answer.headers['www-authenticate']).toMatch(/,error="invalid_token"$/);
    expect(lastEvent()).toMatchObject({ outcome: 'token_invalid', cause: 'it has expired' });
  });

  it.each([
    ['BEARER  a.good.token  ', 200],
    ['Bearer a.good.token x', 401],
    ['x Bearer a.good.token', 401],
    ['Bearer', 401],
  ])('reads the header %j and answers %i', async (Authorization, status) => {
    expect((await ask('/v2/', { headers: { Authorization } })).status).toBe(status);
  });

  it('shortens a long request in the log', async () => {
    await ask(`/v2/${'a'.repeat(3000)}?secret=1&secret=2`);

    const event = lastEvent();
    expect(event?.type === 'access.checked' && event.cause?.length).toBe(256);
  });

  it('takes no password', async () => {
    const answer = await ask('/v2/web/shop/manifests/latest', basic('alice', 'secret'));

    expect(answer.headers['www-authenticate']).toMatch(/^Bearer [^]*pull"$/);
    expect(logins).toEqual([]);
  });

  it('lets a preflight request pass without a token where the service allows it', async () => {
    expect((await ask('/v2/web/shop/manifests/latest', { method: 'OPTIONS' })).status).toBe(200);
  });

  it.each(['/v2/public/..%2fweb/tags/list', '/v2/public/../web/tags/list', '/', '/v2/web/shop/manifests/latest?x=1'])(
    'refuses what is no request of the registry API, with any token: %s',
    async (target) => {
      const answer = await ask(target, bearer('a.good.token'));

      expect(codes(answer)).toEqual([403, 'UNSUPPORTED']);
      expect(answer.headers['www-authenticate']).toBeUndefined();
      expect(lastEvent()).toMatchObject({ outcome: 'unknown_route', cause: `GET ${target.replace('=1', '')}` });
    },
  );

  it('refuses a form, in which a mount could hide', async () => {
    const headers = { ...bearer('a.good.token').headers, 'Content-Type': 'application/x-www-form-urlencoded' };

    expect(codes(await ask('/v2/web/shop/blobs/uploads/', { method: 'POST', headers }))).toEqual([403, 'UNSUPPORTED']);
  });
});

describe('forward-auth with passwords', () => {
  it('asks for a password at /v2/ also where anonymous may pull, or docker would not send one', async () => {
    const answer = await askBasic('/v2/');

    expect(codes(answer)).toEqual([401, 'UNAUTHORIZED']);
    expect(answer.headers['www-authenticate']).toBe('Basic realm="fairlead", charset="UTF-8"');
    expect((await askBasic('/v2/', basic('', ''))).status).toBe(200);
    expect((await askBasic('/v2/', basic('', ''), 'closed.example.com')).status).toBe(401);
    expect((await askBasic('/v2/', basic('alice', 'secret'))).status).toBe(200);
  });

  it('decides by the policy, and records the decision', async () => {
    const answer = await askBasic('/v2/web/shop/manifests/latest', { method: 'PUT', ...basic('alice', 'secret') });

    expect([answer.status, answer.headers['x-fairlead-user']]).toEqual([200, 'alice']);
    expect(world.audit.events.slice(-2)).toMatchObject([
      { type: 'access.decided', service: 'basic.example.com', grants: [{ granted: ['pull', 'push'] }] },
      { type: 'access.checked', outcome: 'allowed', username: 'alice' },
    ]);
  });

  it('denies with 403 what the policy does not grant a user, and asks anonymous to log in', async () => {
    const denied = await askBasic('/v2/web/shop/manifests/latest', { method: 'DELETE', ...basic('alice', 'secret') });

    expect(codes(denied)).toEqual([403, 'DENIED']);
    expect(denied.headers['www-authenticate']).toBeUndefined();
    expect(codes(await askBasic('/v2/web/shop/tags/list'))).toEqual([401, 'UNAUTHORIZED']);
    expect(codes(await askBasic('/v2/web/shop/tags/list', basic('', '')))).toEqual([401, 'UNAUTHORIZED']);
    expect((await askBasic('/v2/public/a/tags/list')).status).toBe(200);
    expect((await askBasic('/v2/public/a/tags/list', {}, 'closed.example.com')).status).toBe(401);
  });

  it('refuses a wrong password and a header that is not Basic, also for public images', async () => {
    const wrong = await askBasic('/v2/public/a/tags/list', basic('alice', 'wrong'));

    expect(codes(wrong)).toEqual([401, 'UNAUTHORIZED']);
    expect(lastEvent()).toMatchObject({ outcome: 'invalid_credentials', reason: 'wrong-password', username: 'alice' });
    expect(codes(await askBasic('/v2/public/a/tags/list', bearer('a.good.token')))).toEqual([401, 'UNAUTHORIZED']);
  });

  it('answers an outage with 503 and a body of the registry API', async () => {
    const answer = await askBasic('/v2/public/a/tags/list', basic('down', 'secret'));

    expect(codes(answer)).toEqual([503, 'UNAVAILABLE']);
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.headers['content-type']).toBe('application/json');
    expect(lastEvent()).toMatchObject({ outcome: 'backend_unavailable', cause: 'corp does not answer' });
  });

  it('writes a name that is no header value in percent encoding', async () => {
    const answer = await askBasic('/v2/', basic('ül\nle%<x>', 'secret'));

    expect(answer.headers['x-fairlead-user']).toBe('%C3%BCl%0Ale%25%3Cx%3E');
  });

  it.each<readonly [body: string, headers: Record<string, string>, connection: string]>([
    ['without a body', {}, 'keep-alive'],
    ['with an empty body', { 'Content-Length': '0' }, 'keep-alive'],
    ['with a body that has not arrived', { 'Content-Length': '1000000' }, 'close'],
    ['with a body of unknown length', { 'Transfer-Encoding': 'chunked' }, 'close'],
  ])(
    'answers a request %s at once, and ends the connection where a body would follow',
    async (_what, more, connection) => {
      const headers = { ...basic('alice', 'secret').headers, Connection: 'keep-alive', ...more };
      const body = connection === 'close' ? { body: 'a part' } : {};

      const answer = await askBasic('/v2/web/shop/blobs/uploads/', { method: 'POST', headers, ...body });

      expect([answer.status, answer.headers.connection]).toEqual([200, connection]);
    },
  );

  it('records no decision where none is needed', async () => {
    await using other = await open();

    await other.app.send('/forward-auth/basic.example.com/v2/', { headers: basic('alice', 'secret').headers });
    await other.app.send('/forward-auth/basic.example.com/v2/web/shop/tags/list', { method: 'OPTIONS' });

    expect(other.audit.events).toMatchObject([
      { type: 'access.checked', outcome: 'allowed', username: 'alice' },
      { type: 'access.checked', outcome: 'allowed', username: '' },
    ]);
  });
});

describe('the request that a proxy asks about', () => {
  const forwarded = { 'X-Forwarded-Method': 'GET', 'X-Forwarded-Uri': '/v2/web/shop/manifests/latest' };
  const original = { 'X-Original-Method': 'GET', 'X-Original-URI': '/v2/web/shop/manifests/latest' };

  it.each(['caddy.example.com', 'traefik.example.com'])(
    'is read from X-Forwarded-Method and X-Forwarded-Uri: %s',
    async (name) => {
      const answer = await world.app.send(`/forward-auth/${name}`, { headers: forwarded });

      expect(answer.headers['www-authenticate']).toMatch(/scope="repository:web\/shop:pull"$/);
    },
  );

  it('is not read from the query, which Caddy appends', async () => {
    const answer = await world.app.send('/forward-auth/caddy.example.com?n=1&x=/v2/', { headers: forwarded });

    expect(answer.headers['www-authenticate']).toMatch(/scope="repository:web\/shop:pull"$/);
  });

  it('is under the path of publicUrl too', async () => {
    const answer = await world.app.send('/registry-auth/forward-auth/bearer.example.com', { headers: original });

    expect(answer.headers['www-authenticate']).toMatch(/scope="repository:web\/shop:pull"$/);
  });

  it('may be for a service with any name, encoded', async () => {
    const { headers } = await world.app.send('/forward-auth/localhost:5000%2Fa%20b/v2/');

    expect(headers['www-authenticate']).toMatch(/,service="localhost:5000\/a b"$/);
  });

  it.each<readonly [what: string, path: string, headers: OutgoingHttpHeaders]>([
    ['without headers', '/forward-auth/bearer.example.com', {}],
    ['without a method', '/forward-auth/bearer.example.com', { 'X-Original-URI': '/v2/' }],
    ['of another kind of proxy', '/forward-auth/bearer.example.com', forwarded],
    ['of two kinds of proxies', '/forward-auth/bearer.example.com', { ...original, 'X-Forwarded-Uri': '/v2/' }],
    ['of ingress-nginx', '/forward-auth/bearer.example.com', { ...original, 'X-Original-URL': 'https://x/v2/' }],
    ['with two targets', '/forward-auth/bearer.example.com', { ...original, 'X-Original-URI': ['/v2/', '/v2/'] }],
    ['with two methods', '/forward-auth/caddy.example.com', { ...forwarded, 'X-Forwarded-Method': ['GET', 'PUT'] }],
    ['with a path after the service', '/forward-auth/bearer.example.com/v2/', original],
    ['of Envoy with a header of others', '/forward-auth/basic.example.com/v2/', { 'X-Forwarded-Uri': '/v2/' }],
    ['with two passwords', '/forward-auth/basic.example.com/v2/', { Authorization: ['Basic Og==', 'Basic YTpi'] }],
  ])('is refused %s, and the log says so', async (_what, path, headers) => {
    await using other = await open();

    const answer = await other.app.send(path, { headers });

    expect(codes(answer)).toEqual([400, 'UNSUPPORTED']);
    expect(other.log.lines).toMatchObject([
      { level: 'warn', message: expect.stringContaining('forward-auth refused') },
    ]);
    expect(other.audit.events).toMatchObject([{ outcome: 'unclear_request' }]);
  });

  it('is refused from a peer that is no trusted proxy, before anything of it is read', async () => {
    await using other = await open(false);

    const answers = [
      await other.app.send('/forward-auth/bearer.example.com', { headers: original }),
      await other.app.send('/forward-auth/unknown', { headers: basic('alice', 'secret').headers }),
    ];

    expect(answers.map(codes)).toEqual([
      [403, 'DENIED'],
      [403, 'DENIED'],
    ]);
    expect(other.log.lines).toMatchObject([
      { level: 'warn', fields: { peer: '127.0.0.1', setting: 'trustedProxies' } },
    ]);
  });

  it.each([
    '/forward-auth/unknown',
    '/forward-auth/',
    '/forward-auth/%',
    '/forward-auth',
    '/Forward-Auth/bearer.example.com',
  ])('is not found at %s', async (path) => {
    expect((await world.app.send(path, { headers: original })).status).toBe(404);
  });
});

describe('a broker without forward-auth', () => {
  it('has no such route', async () => {
    await using app = await openHttpApp();

    expect((await app.send('/forward-auth/bearer.example.com')).status).toBe(404);
  });
});
