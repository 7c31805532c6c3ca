/** Headers, methods, limits and the routes of both applications. */
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/identity.ts';
import type { BackendState } from '../../../src/core/ports.ts';
import { TOKEN_PATHS } from '../../../src/http/paths.ts';
import { form, openHttpApp, SERVICE } from '../../support/http-app.ts';

const PATH = `/token?service=${SERVICE.name}`;
const KIB = 1024;
const FORM_TYPE = 'application/x-www-form-urlencoded';

describe('every answer', () => {
  it.each([
    ['with a token', PATH, 200],
    ['with an error', '/token?service=another', 400],
    ['of an unknown path', '/nothing', 404],
    ['with the key set', '/.well-known/jwks.json', 200],
    ['of the health check', '/healthz', 200],
    ['of the readiness check', '/readyz', 200],
  ])('%s is JSON that no cache stores and no browser reinterprets', async (_what, path, status) => {
    await using app = await openHttpApp();

    const answer = await app.send(path);

    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'x-content-type-options': 'nosniff',
      'x-request-id': 'id-1',
      'content-length': String(Buffer.byteLength(answer.text)),
    });
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(answer.headers).not.toHaveProperty('etag');
    expect(answer.json).toBeDefined();
  });

  it('has a request id of its own, never that of the client', async () => {
    await using app = await openHttpApp();

    const ids = [await app.send(PATH), await app.send(PATH, { headers: { 'x-request-id': 'mine' } })].map(
      ({ headers }) => headers['x-request-id'],
    );

    expect(ids).toEqual(['id-1', 'id-2']);
  });

  it('closes the connection while the broker is draining, and keeps it before', async () => {
    let isDraining = false;
    await using app = await openHttpApp({ isDraining: () => isDraining });
    const keepAlive = { headers: { connection: 'keep-alive' } };

    const before = await app.send(PATH, keepAlive);
    isDraining = true;
    const after = await app.send(PATH, keepAlive);

    expect([before, after].map(({ status, headers }) => [status, headers.connection])).toEqual([
      [200, 'keep-alive'],
      [200, 'close'],
    ]);
  });
});

describe('the token endpoint', () => {
  it.each(TOKEN_PATHS)('answers GET and POST on %s', async (path) => {
    await using app = await openHttpApp();

    const answers = [
      await app.send(`${path}?service=${SERVICE.name}`),
      await app.send(path, form({ service: SERVICE.name })),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('refuses %s and names the allowed methods', async (method) => {
    await using app = await openHttpApp();

    const { status, headers } = await app.send(PATH, { method });

    expect([status, headers.allow]).toEqual([405, 'GET, POST']);
    expect([app.credentials, app.grants]).toEqual([[], []]);
  });

  it.each(['/TOKEN', '/token//', '/auth/token/x'])('is not at %s', async (path) => {
    await using app = await openHttpApp();

    expect((await app.send(path)).status).toBe(404);
  });

  it.each([
    ['another content type', { 'content-type': 'application/json' }, '{}', 400],
    ['no content type', {}, 'service=x', 400],
    ['a compressed body', { 'content-type': FORM_TYPE, 'content-encoding': 'gzip' }, 'x', 400],
    ['a body of 64 KiB and one byte', { 'content-type': FORM_TYPE }, 'x'.repeat(64 * KIB + 1), 413],
  ])('refuses a POST with %s, and records it', async (_what, headers, body, status) => {
    await using app = await openHttpApp();

    const answer = await app.send('/token', { method: 'POST', headers, body });

    expect(answer.status).toBe(status);
    expect(app.audit.events).toMatchObject([{ type: 'token.refused', service: '' }]);
    expect(app.credentials).toEqual([]);
  });

  it('accepts a body of 64 KiB', async () => {
    await using app = await openHttpApp();
    const start = `service=${SERVICE.name}&filler=`;

    const { status } = await app.send('/token', {
      ...form({}),
      body: start + 'x'.repeat(64 * KIB - start.length),
    });

    expect(status).toBe(200);
  });

  it('passes the caller, the service and the scopes to the grant', async () => {
    await using app = await openHttpApp();

    await app.send(`${PATH}&scope=repository:web/a:pull&scope=nonsense`, {
      headers: { authorization: `Basic ${btoa('alice:p')}` },
    });

    expect(app.grants).toMatchObject([
      {
        context: { requestId: 'id-1', client: '127.0.0.1' },
        service: { name: SERVICE.name },
        caller: { kind: 'user', identity: { username: 'alice' } },
        scopes: [{ type: 'repository', name: 'web/a', actions: ['pull'] }],
        malformed: ['nonsense'],
      },
    ]);
  });

  it('answers a GET with the token, and a POST with the granted scopes too', async () => {
    const asked = { type: 'repository', name: 'web/a', actions: ['pull', 'push'] };
    const none = { type: 'repository', name: 'web/b', actions: ['pull'] };
    await using app = await openHttpApp({
      grantToken: async () => ({
        token: 'signed',
        expiresIn: 300,
        grants: [
          { asked, granted: ['pull'], because: [] },
          { asked: none, granted: [], because: [] },
        ],
      }),
    });
    const body = { token: 'signed', access_token: 'signed', expires_in: 300 };

    expect((await app.send(PATH)).json).toEqual(body);
    expect((await app.send('/token', form({ service: SERVICE.name }))).json).toEqual({
      ...body,
      token_type: 'Bearer',
      scope: 'repository:web/a:pull',
    });
  });

  it('issues a refresh token only to a client that asks for one', async () => {
    await using app = await openHttpApp({
      draftRefreshToken: ({ login, context }) => ({
        token: new Secret(`flr_of_${login}`),
        event: { type: 'refresh-token', request: context, outcome: 'issued', service: SERVICE.name },
        store: async () => undefined,
      }),
    });
    const login = { headers: { authorization: `Basic ${btoa('alice:p')}` } };

    const answers = [await app.send(PATH, login), await app.send(`${PATH}&offline_token=true&client_id=docker`, login)];

    expect(answers.map(({ json }) => json?.['refresh_token'])).toEqual([undefined, 'flr_of_alice']);
  });
});

describe('the client address', () => {
  const clientOf = async (header: string, isTrusted: boolean): Promise<unknown> => {
    await using app = await openHttpApp({
      addressSource: { header: 'x-forwarded-for', isTrustedProxy: () => isTrusted },
    });
    await app.send(PATH, { headers: { 'x-forwarded-for': header } });
    return app.grants[0]?.context.client;
  };

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.7:4711', '192.0.2.7'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
  ])('is read from X-Forwarded-For %s of a trusted proxy, without the port', async (header, client) => {
    expect(await clientOf(header, true)).toBe(client);
  });

  it('is that of the peer when the peer is not trusted', async () => {
    expect(await clientOf('192.0.2.7', false)).toBe('127.0.0.1');
  });
});

describe('the readiness check', () => {
  const up: BackendState = { state: 'up' };
  const down: BackendState = { state: 'down', detail: 'secret-host:636 refused' };
  const states = (first: BackendState, second: BackendState) => async () =>
    new Map([
      ['corp', first],
      ['local', second],
    ]);

  it.each([
    ['ready', up, up, false, 200],
    ['degraded', up, down, false, 200],
    ['degraded', down, down, false, 200],
    ['draining', up, up, true, 503],
    ['draining', down, down, true, 503],
  ] as const)('gives operators the status %s and the details with backends %j and %j', async (...row) => {
    const [status, first, second, isDraining, code] = row;
    await using app = await openHttpApp(
      { backendStates: states(first, second), isDraining: () => isDraining },
      'admin',
    );

    const answer = await app.send('/readyz');

    expect(answer.status).toBe(code);
    expect(answer.json).toEqual({
      status,
      backends: { corp: first.state, local: second.state },
      policy: { revision: 'r1', stale: false },
      keys: { stale: false },
      audit: 'ok',
    });
    expect(answer.text).not.toContain('secret-host');
  });

  it.each([
    ['ready', up, false, 200],
    ['ready', down, false, 200],
    ['draining', up, true, 503],
  ] as const)('gives everybody else the status %s alone with backends %j', async (status, state, isDraining, code) => {
    let probes = 0;
    const backendStates = async () => {
      probes += 1;
      return states(state, state)();
    };
    await using app = await openHttpApp({
      operatorPages: 'nobody',
      isDraining: () => isDraining,
      backendStates,
    });

    const answer = await app.send('/readyz');

    expect([answer.status, answer.json]).toEqual([code, { status }]);
    // Whoever may not see the state of the backends must not be able to have them probed.
    expect(probes).toBe(0);
  });

  it.each([
    ['failing', 200, 'ready', 'degraded'],
    ['refusing', 503, 'unready', 'unready'],
  ] as const)('with audit lines %s answers %d: %s, and %s to operators', async (audit, code, status, detail) => {
    await using app = await openHttpApp({ operatorPages: 'nobody', auditState: () => audit });
    await using admin = await openHttpApp({ auditState: () => audit }, 'admin');

    const [answer, details] = [await app.send('/readyz'), await admin.send('/readyz')];

    expect([answer.status, answer.json]).toEqual([code, { status }]);
    expect(answer.headers['retry-after']).toBe(code === 503 ? '5' : undefined);
    expect([details.status, details.json]).toEqual([code, expect.objectContaining({ status: detail, audit })]);
  });

  it('gives the details to a client of this machine when there is no admin listener, but not through a proxy', async () => {
    await using app = await openHttpApp({ backendStates: states(up, up) });

    const direct = await app.send('/readyz');
    const proxied = await app.send('/readyz', { headers: { 'x-forwarded-for': '127.0.0.1' } });

    expect(Object.keys(direct.json ?? {})).toEqual(['status', 'backends', 'policy', 'keys', 'audit']);
    expect(proxied.json).toEqual({ status: 'ready' });
  });
});

describe('the metrics', () => {
  const metrics = async () => ({ contentType: 'text/plain; version=0.0.4', text: 'fairlead_x 1\n' });

  it.each(['main', 'admin'] as const)('are served by the %s application, and not cached', async (kind) => {
    await using app = await openHttpApp({ metrics }, kind);

    const { status, headers, text } = await app.send('/metrics');

    expect([status, text]).toEqual([200, 'fairlead_x 1\n']);
    expect(headers).toMatchObject({ 'content-type': 'text/plain; version=0.0.4', 'cache-control': 'no-store' });
  });

  it('are not on the main listener when there is an admin listener', async () => {
    await using app = await openHttpApp({ operatorPages: 'nobody' });

    expect((await app.send('/metrics')).status).toBe(404);
  });

  it.each(['x-forwarded-for', 'forwarded', 'x-real-ip', 'via', 'x-forwarded-proto'])(
    'do not exist for a client behind a proxy of this machine, which adds %s',
    async (header) => {
      await using app = await openHttpApp({
        metrics,
        addressSource: { header: 'x-forwarded-for', isTrustedProxy: () => true },
      });

      const proxied = await app.send('/metrics', { headers: { [header]: '127.0.0.1' } });
      const unknown = await app.send('/nothing');

      expect(proxied.status).toBe(404);
      expect(proxied.text.replaceAll(/id-\d/g, 'id')).toBe(unknown.text.replaceAll(/id-\d/g, 'id'));
      expect((await app.send('/metrics')).status).toBe(200);
    },
  );
});

describe('the admin application', () => {
  it('serves health and readiness, and neither tokens nor keys', async () => {
    await using app = await openHttpApp({}, 'admin');

    const statuses = [];
    for (const path of ['/healthz', '/readyz', PATH, '/.well-known/jwks.json']) {
      statuses.push((await app.send(path)).status);
    }

    expect(statuses).toEqual([200, 200, 404, 404]);
  });
});

describe('a request without a service', () => {
  const other = { ...SERVICE, name: 'other.example.com' };

  it.each(['/token', '/token?service='])('at %s is for the only service', async (path) => {
    await using app = await openHttpApp();

    expect((await app.send(path)).status).toBe(200);
    expect(app.grants).toMatchObject([{ service: { name: SERVICE.name } }]);
  });

  it('is refused when there are several services', async () => {
    const services = new Map([SERVICE, other].map((service) => [service.name, service]));
    await using app = await openHttpApp({ services });

    const { status, json } = await app.send('/token');

    expect([status, json?.['error']]).toEqual([400, 'invalid_target']);
    expect(app.grants).toEqual([]);
  });

  it('is not the same as a request for another service', async () => {
    await using app = await openHttpApp();

    expect((await app.send('/token?service=another')).status).toBe(400);
  });
});

describe('a mistake in a token request', () => {
  it.each([
    ['a JSON body', { 'content-type': 'application/json' }, '{}'],
    ['a multipart body', { 'content-type': 'multipart/form-data; boundary=x' }, '--x--'],
    ['a compressed body', { 'content-type': FORM_TYPE, 'content-encoding': 'gzip' }, 'x'],
    ['a body of another character set', { 'content-type': `${FORM_TYPE}; charset=klingon` }, 'x'],
    ['no body', {}, undefined],
  ])('is explained to the client: a POST with %s', async (_what, headers, body) => {
    await using app = await openHttpApp();
    const request = { method: 'POST', headers, ...(body === undefined ? {} : { body }) };

    const { status, text } = await app.send(PATH, request);

    expect(status).toBe(400);
    expect(text).toContain('with Content-Type: application/x-www-form-urlencoded, or use GET');
  });

  it('is explained to the client: too many scopes', async () => {
    await using app = await openHttpApp();
    const scopes = Array.from({ length: 501 }, (_, n) => `scope=repository:r${n}:pull`).join('&');

    const { status, text } = await app.send(`${PATH}&${scopes}`);

    expect(status).toBe(400);
    expect(text).toContain('too many scopes; request at most 500 at once');
    expect(app.audit.events).toMatchObject([{ type: 'token.refused', code: 'too_many_scopes' }]);
    expect(app.grants).toEqual([]);
  });

  it('is explained to the client: too many parameters', async () => {
    await using app = await openHttpApp();

    const { status, text } = await app.send(`${PATH}${'&a'.repeat(1000)}`);

    expect(status).toBe(400);
    expect(text).toContain('too many parameters; send at most 1000');
    expect(app.audit.events).toMatchObject([{ type: 'token.refused', code: 'too_many_fields' }]);
  });

  it('is recorded with a hint: credentials that a proxy removed', async () => {
    await using app = await openHttpApp();

    await app.send(`${PATH}&account=alice`);

    expect(app.grants).toMatchObject([{ hints: [expect.stringContaining('removes the Authorization header')] }]);
  });

  it('is recorded with a hint: a password with a line break', async () => {
    const identify = async () => {
      throw new BrokerError('invalid_credentials', 'wrong-password');
    };
    await using app = await openHttpApp({ identify });

    await app.send(PATH, { headers: { authorization: `Basic ${btoa('alice:p\n')}` } });

    expect(app.audit.events).toMatchObject([{ hints: [expect.stringContaining('the password has a line break')] }]);
  });
});
