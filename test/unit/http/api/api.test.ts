/** How the API answers on the admin listener: who may use it, what it accepts, and what its refusals reveal. */
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../../src/core/errors.ts';
import type { ErrorCode } from '../../../../src/core/errors.ts';
import type { AuditEvent } from '../../../../src/core/events.ts';
import type { Caller } from '../../../../src/core/identity.ts';
import { answerApi } from '../../../../src/http/api/api.ts';
import type { ApiHandlers } from '../../../../src/http/api/api.ts';
import { authenticateByToken } from '../../../../src/http/api/authenticate-api.ts';
import { OPERATION_IDS, operations } from '../../../../src/http/api/operations.ts';
import { identity } from '../../../support/fake-backend.ts';
import { recordingAudit, recordingLog } from '../../../support/fakes.ts';
import { openHttpApp } from '../../../support/http-app.ts';
import type { Answer, HttpApp, SentRequest } from '../../../support/http-app.ts';

const TOKENS: Readonly<Record<string, { readonly user: string; readonly api?: 'read' | 'admin' }>> = {
  'admin-token': { user: 'alice', api: 'admin' },
  'read-token': { user: 'alice', api: 'read' },
  'plain-token': { user: 'alice' },
  'reader-token': { user: 'bob', api: 'admin' },
  'outsider-token': { user: 'carol', api: 'admin' },
};
const FLEET = { complete: true, reached: [], missed: [], problem: null };

interface World extends HttpApp {
  readonly calls: string[];
  /** The addresses that tokens came from. */
  readonly clients: string[];
  readonly events: readonly AuditEvent[];
  readonly apiLog: ReturnType<typeof recordingLog>;
  ask(path: string, token: string, request?: SentRequest): Promise<Answer>;
}

/** @param failure what every token is refused with */
async function world(more: Partial<ApiHandlers> = {}, failure?: BrokerError): Promise<World> {
  const calls: string[] = [];
  const clients: string[] = [];
  const audit = recordingAudit();
  const apiLog = recordingLog();
  const refuse = (id: string) => async () => {
    calls.push(id);
    throw new Error(`${id} is not part of this test`);
  };
  const handlers = {
    ...(Object.fromEntries(OPERATION_IDS.map((id) => [id, refuse(id)])) as unknown as ApiHandlers),
    flush: async ({ backend }: { readonly backend?: string | undefined }) => {
      calls.push(`flush ${backend ?? 'all'}`);
      return { backend: backend ?? null, fleet: FLEET };
    },
    listRefreshTokens: async ({ limit }: { readonly limit: number }) => {
      calls.push(`list ${limit}`);
      return { refreshTokens: [], next: null };
    },
    ...more,
  } satisfies ApiHandlers;
  const authenticate = authenticateByToken({
    users: { admins: { users: ['alice'] }, readers: { users: ['bob'] } },
    usePersonalToken: async ({ password }, { client }): Promise<Extract<Caller, { kind: 'user' }>> => {
      clients.push(client);
      if (failure !== undefined) throw failure;
      const found = Object.entries(TOKENS).find(([text]) => password.matches((own) => own === text))?.[1];
      if (found === undefined) throw new BrokerError('personal_token_refused', 'never issued');
      const api = found.api === undefined ? {} : { api: found.api };
      return { kind: 'user', identity: identity(found.user), via: { kind: 'personal-token', id: 'abc', ...api } };
    },
  });
  const api = answerApi({ handlers, authenticate, audit, log: apiLog });
  const addressSource = { header: 'x-forwarded-for', isTrustedProxy: isLocalProxy } as const;
  const app = await openHttpApp({ api, addressSource }, 'admin');
  return {
    ...app,
    calls,
    clients,
    events: audit.events,
    apiLog,
    ask: (path, token, request = {}) =>
      app.send(`/api/v1${path}`, {
        ...request,
        headers: { authorization: `Bearer ${token}`, ...request.headers },
      }),
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

const isLocalProxy = (address: string | undefined): boolean => address === '127.0.0.1';

const json = (body: unknown): SentRequest => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

describe('who may use the API', () => {
  it.each([
    ['admin-token', 200, 200],
    ['read-token', 200, 403],
    ['reader-token', 200, 403],
    ['plain-token', 403, 403],
    ['outsider-token', 403, 403],
    ['unknown-token', 401, 401],
  ])('depends on the token and on its owner: %s reads %d and flushes %d', async (token, reads, flushes) => {
    await using api = await world();

    const read = await api.ask('/refresh-tokens', token);
    const flush = await api.ask('/flush', token, json({}));

    expect([read.status, flush.status]).toEqual([reads, flushes]);
    expect(api.calls).toEqual([...(reads === 200 ? ['list 100'] : []), ...(flushes === 200 ? ['flush all'] : [])]);
  });

  it('does not include making tokens with a token, whatever its limit', async () => {
    await using api = await world();

    const made = await api.ask('/personal-tokens', 'admin-token', json({ user: 'alice', name: 'more' }));

    expect(made).toMatchObject({ status: 403, json: { code: 'forbidden' } });
    expect(api.events).toEqual([
      expect.objectContaining({
        operation: 'createPersonalToken',
        outcome: 'refused',
        username: 'alice',
        token: 'abc',
      }),
    ]);
  });

  it.each(['', 'Basic YWxpY2U6cHc=', 'Bearer', 'Bearer a b', `Bearer ${'x'.repeat(300)}`, 'Bearer ünicode'])(
    'is nobody with the header %j, and the refusal is that of an unknown token',
    async (authorization) => {
      await using api = await world();
      const unknown = await api.ask('/refresh-tokens', 'unknown-token');

      const { status, json: body } = await api.send('/api/v1/refresh-tokens', { headers: { authorization } });

      expect({ status, code: body?.['code'], detail: body?.['detail'] }).toEqual({
        status: unknown.status,
        code: unknown.json?.['code'],
        detail: unknown.json?.['detail'],
      });
      expect(api.calls).toEqual([]);
    },
  );

  it.each([
    ['damaged_token', 401, undefined],
    ['personal_token_refused', 401, undefined],
    ['too_many_bad_tokens', 429, '7'],
    ['backend_unavailable', 503, '5'],
    ['records_unavailable', 503, '5'],
  ] as const)('is answered for %s with %d, and without the cause', async (code: ErrorCode, status, retryAfter) => {
    const wait = code === 'too_many_bad_tokens' ? { retryAfter: 7 } : {};
    await using api = await world({}, new BrokerError(code, 'the inner cause', wait));

    const answer = await api.ask('/refresh-tokens', 'admin-token');

    expect({ status: answer.status, retryAfter: answer.headers['retry-after'] }).toEqual({ status, retryAfter });
    expect(answer.text).not.toContain('inner cause');
  });

  it('is known by the address that a trusted proxy reports, so that the networks of a token count', async () => {
    await using api = await world();

    await api.ask('/refresh-tokens', 'read-token', { headers: { 'x-forwarded-for': '192.0.2.9, 198.51.100.7' } });
    await api.ask('/refresh-tokens', 'read-token');

    expect(api.clients).toEqual(['198.51.100.7', '127.0.0.1']);
  });

  it('is no part of the answer to an unknown path: without a token, every path is 401', async () => {
    await using api = await world();

    const paths = ['/flush', '/nothing', '/openapi.json', ''];
    const statuses = await Promise.all(paths.map(async (path) => (await api.send(`/api/v1${path}`)).status));

    expect(statuses).toEqual([401, 401, 401, 401]);
  });
});

describe('a web page', () => {
  it.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'same-origin' },
  ])('gets no answer of the API: %j', async (headers) => {
    await using api = await world();

    const read = await api.ask('/refresh-tokens', 'admin-token', { headers });
    const preflight = await api.send('/api/v1/flush', { method: 'OPTIONS', headers });

    expect([read.status, preflight.status]).toEqual([403, 403]);
    expect(read.json).toMatchObject({ code: 'browser-refused' });
    expect({ ...read.headers, ...preflight.headers }).not.toHaveProperty('access-control-allow-origin');
    expect(api.calls).toEqual([]);
  });

  it('cannot send what the API accepts without asking first: forms and text are refused', async () => {
    await using api = await world();
    const types = ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x', undefined];

    for (const type of types) {
      const headers = type === undefined ? {} : { 'content-type': type };
      const answer = await api.ask('/flush', 'admin-token', { method: 'POST', headers, body: '{}' });
      expect(answer).toMatchObject({ status: 415, json: { code: 'json-required' } });
    }
    expect(api.calls).toEqual([]);
  });
});

describe('a request', () => {
  it.each([
    ['not JSON', '{"backend": flp_secret}', 'body'],
    ['an empty body', '', 'body'],
    ['a list', [], 'body'],
    ['null', null, 'body'],
    ['an unknown field', { backend: 'corp', force: true }, 'body'],
    ['a field of another type', { backend: 7 }, 'body.backend'],
    ['an empty text', { backend: '' }, 'body.backend'],
    ['a text that is too long', { backend: 'x'.repeat(256) }, 'body.backend'],
    ['the prototype of objects', '{"__proto__": {"backend": "corp"}}', 'body'],
    ['a deep nest', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, 'body'],
  ])('with %s is refused, and the answer names the field', async (_what, body, field) => {
    await using api = await world();

    const answer = await api.ask('/flush', 'admin-token', json(body));

    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid-request', fields: [{ field }] } });
    expect(api.calls).toEqual([]);
    expect(JSON.stringify([answer.text, api.apiLog.lines])).not.toContain('flp_secret');
  });

  it.each([
    ['limit=0', 'query.limit'],
    ['limit=2001', 'query.limit'],
    ['limit=1.5', 'query.limit'],
    ['limit=all', 'query.limit'],
    ['limit=1&limit=2', 'query.limit'],
    ['users=alice', 'query'],
    ['user=', 'query.user'],
  ])('with the query %s is refused, and the answer names the field', async (query, field) => {
    await using api = await world();

    expect(await api.ask(`/refresh-tokens?${query}`, 'read-token')).toMatchObject({
      status: 400,
      json: { code: 'invalid-request', fields: [{ field }] },
    });
    expect(api.calls).toEqual([]);
  });

  it('with a query of more than 1000 parameters is refused', async () => {
    await using api = await world();

    const answer = await api.ask(`/refresh-tokens?${'a&'.repeat(1000)}`, 'read-token');

    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid-request' } });
    expect(api.calls).toEqual([]);
  });

  it('with a query for an operation that has none is refused', async () => {
    await using api = await world();

    expect((await api.ask('/flush?backend=corp', 'admin-token', json({}))).status).toBe(400);
    expect((await api.ask('/status?x=1', 'admin-token')).status).toBe(400);
    expect(api.calls).toEqual([]);
  });

  it('that is larger than the operation accepts is refused, and its connection closed', async () => {
    await using api = await world();

    const answer = await api.ask('/flush', 'admin-token', json({ backend: 'x'.repeat(70_000) }));

    expect(answer).toMatchObject({ status: 413, json: { code: 'too-large' }, headers: { connection: 'close' } });
  });

  it('that is compressed is refused', async () => {
    await using api = await world();
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };

    expect(await api.ask('/flush', 'admin-token', { method: 'POST', headers, body: '{}' })).toMatchObject({
      status: 415,
    });
  });

  it.each([
    ['/nothing', 'GET', 404, undefined],
    ['/status/', 'GET', 404, undefined],
    ['/Status', 'GET', 404, undefined],
    ['/status', 'DELETE', 405, 'GET'],
    ['/personal-tokens', 'PUT', 405, 'GET, POST'],
    ['/flush', 'GET', 405, 'POST'],
  ])('for %s with %s gets %d', async (path, method, status, allow) => {
    await using api = await world();

    const answer = await api.ask(path, 'admin-token', { method });

    expect({ status: answer.status, allow: answer.headers.allow }).toEqual({ status, allow });
  });
});

describe('an answer', () => {
  it('has no field that its schema does not have', async () => {
    await using api = await world({
      flush: async () => ({ backend: null, fleet: FLEET, secret: 'flp_secret' }) as never,
    });

    const { json: body } = await api.ask('/flush', 'admin-token', json({}));

    expect(body).toEqual({ backend: null, fleet: FLEET });
  });

  it('that its schema refuses is an internal error, which says nothing to the client', async () => {
    await using api = await world({ flush: async () => ({ backend: 7, fleet: FLEET }) as never });

    const answer = await api.ask('/flush', 'admin-token', json({}));

    expect(answer).toMatchObject({ status: 500, json: { code: 'internal', requestId: 'id-1' } });
    expect(answer.text).not.toContain('backend');
    expect(api.apiLog.lines).toMatchObject([{ level: 'error', message: 'API request failed' }]);
    expect(api.events).toMatchObject([{ operation: 'flush', outcome: 'failed', username: 'alice', token: 'abc' }]);
  });

  it('is a problem document with the id of the request, and is never stored', async () => {
    await using api = await world();

    const { headers, json: body } = await api.ask('/nothing', 'admin-token');

    expect(headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': 'id-1',
    });
    expect(body).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      code: 'unknown-operation',
      detail: expect.any(String),
      requestId: 'id-1',
    });
  });

  it('to a request for the description is the OpenAPI document', async () => {
    await using api = await world();

    const { status, json: body } = await api.ask('/openapi.json', 'read-token');

    expect({ status, version: body?.['openapi'] }).toEqual({ status: 200, version: '3.1.1' });
    expect(Object.keys(body?.['paths'] ?? {})).toContain(operations.flush.path);
  });
});

it('the API is nowhere where it is not configured', async () => {
  await using admin = await openHttpApp({}, 'admin');
  await using main = await openHttpApp();

  expect((await admin.send('/api/v1/status')).status).toBe(404);
  expect((await main.send('/api/v1/status')).status).toBe(404);
});
