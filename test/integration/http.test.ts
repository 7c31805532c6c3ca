/** The backend `http` against real web services: over http on loopback, and over https with a private authority. */
import { inspect } from 'node:util';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deadlineIn } from '../../src/core/deadline.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Authenticator, AuthnOutcome } from '../../src/core/ports.ts';
import { authenticatorContract } from '../contract/authenticator.ts';
import type { ContractSubject } from '../contract/authenticator.ts';
import { outageContract } from '../contract/outages.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { realClock, recordingLog } from '../support/fakes.ts';
import { freePort } from '../support/free-port.ts';
import { createLoopbackCertificate, OPENSSL } from '../support/loopback-certificate.ts';
import { startOutageProxy } from '../support/outage-proxy.ts';
import { findPart } from '../support/parts.ts';
import { start } from '../support/process.ts';
import { portAnswers } from '../support/wait.ts';
import { createHttpBackend, httpBackendConfig, startUserService, USERS } from '../support/user-service.ts';
import type { HttpInput, UserService } from '../support/user-service.ts';
import { http } from '../../src/backends/http/index.ts';

const hasOpenssl = findPart(OPENSSL) !== undefined;
const { alice, bob } = USERS;

const logIn = (backend: Authenticator, username: string, password: string): Promise<AuthnOutcome> =>
  backend.authenticate({ username, password: new Secret(password) }, deadlineIn(realClock, 8000));

function subject(service: UserService, input: HttpInput): ContractSubject {
  return {
    create: (deps) => createHttpBackend(input, deps),
    traits: http.traits(httpBackendConfig(input)),
    known: { username: 'alice', ...alice },
    other: { username: 'bob', ...bob },
    attempts: () => service.requests().filter(({ path }) => path === '/login').length,
  };
}

authenticatorContract('http on loopback', async (resources) => {
  const service = resources.use(await startUserService());
  return subject(service, { url: service.url });
});

authenticatorContract('http with lookupUrl', async (resources) => {
  const service = resources.use(await startUserService());
  return subject(service, { url: service.url, lookupUrl: service.lookupUrl });
});

outageContract('http', async (resources) => {
  const service = resources.use(await startUserService());
  const outages = resources.use(await startOutageProxy(() => service.port));
  return { ...subject(service, { url: `http://127.0.0.1:${outages.port}/login` }), outages };
});

describe.skipIf(!hasOpenssl)('the http backend over https', () => {
  authenticatorContract('http over https, with a private authority and a client certificate', async (resources) => {
    const certificate = resources.use(await createLoopbackCertificate());
    const service = resources.use(await startUserService(certificate));
    return subject(service, {
      url: service.url,
      caFile: certificate.caFile,
      certFile: certificate.clientCertFile,
      keyFile: certificate.clientKeyFile,
    });
  });

  it('presents its certificate, and none where none is configured', async () => {
    await using certificate = await createLoopbackCertificate();
    await using service = await startUserService(certificate);
    const input = { url: service.url, caFile: certificate.caFile };
    const files = { certFile: certificate.clientCertFile, keyFile: certificate.clientKeyFile };
    await using known = await createHttpBackend({ ...input, ...files });
    await using anonymous = await createHttpBackend(input);

    await logIn(known, 'alice', alice.password);
    await logIn(anonymous, 'alice', alice.password);

    expect(service.requests().map(({ clientName }) => clientName)).toEqual(['CN=fairlead', undefined]);
  });

  it('sends no password to a server whose authority it does not trust', async () => {
    await using certificate = await createLoopbackCertificate();
    await using service = await startUserService(certificate);
    await using backend = await createHttpBackend({ url: service.url });

    await expect(logIn(backend, 'alice', alice.password)).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/^the user service cannot be asked: .*(?:CERT|VERIFY)/),
    });
    expect(service.requests()).toEqual([]);
  });

  it('trusts another authority once the file holds it and has been read again, and keeps the old one over a bad file', async () => {
    await using former = await createLoopbackCertificate();
    await using certificate = await createLoopbackCertificate();
    await using service = await startUserService(certificate);
    await using backend = await createHttpBackend({ url: service.url, caFile: former.caFile });
    await expect(logIn(backend, 'alice', alice.password)).rejects.toMatchObject({ code: 'backend_unavailable' });
    expect(backend.watches).toEqual([former.caFile]);

    await writeFile(former.caFile, await readFile(certificate.caFile));
    await backend.reload?.();
    expect((await logIn(backend, 'alice', alice.password)).kind).toBe('authenticated');

    await writeFile(former.caFile, 'no certificate');
    await expect(backend.reload?.()).rejects.toThrow(`${former.caFile}: expected certificates in PEM`);
    expect((await logIn(backend, 'alice', alice.password)).kind).toBe('authenticated');
  });

  it('goes through the configured proxy', async () => {
    await using certificate = await createLoopbackCertificate();
    await using service = await startUserService(certificate);
    await using proxy = await startConnectProxy();
    await using backend = await createHttpBackend({
      url: service.url,
      caFile: certificate.caFile,
      proxy: proxy.url,
    });

    expect((await logIn(backend, 'alice', alice.password)).kind).toBe('authenticated');
    expect(proxy.targets()).toEqual([`127.0.0.1:${service.port}`]);

    proxy.refuse(407);
    await using later = await createHttpBackend({ url: service.url, caFile: certificate.caFile, proxy: proxy.url });
    await expect(logIn(later, 'alice', alice.password)).rejects.toThrow('the proxy answered 407');
  });
});

it('logs in at the example service of the reference page', async () => {
  const page = await readFile(join(import.meta.dirname, '../../config/reference/backend-http.md'), 'utf8');
  const [, code = ''] = /<!-- test: example service -->\n```js\n(.*?)```/s.exec(page) ?? [];
  const port = await freePort();
  await using server = start(process.execPath, ['--input-type=module', '--eval', code], {
    env: { ...process.env, PORT: String(port), TOKEN: 'token-of-the-broker' },
  });
  await server.waitUntil('the example service', () => portAnswers(port));
  const url = `http://127.0.0.1:${port}`;
  const input = { url: `${url}/login`, lookupUrl: `${url}/user`, bearer: { env: 'TOKEN' } };
  await using backend = await createHttpBackend(input);
  await using withoutToken = await createHttpBackend(input, { token: () => 'another-token' });

  const outcome = await logIn(backend, 'alice', 'correct horse');

  expect(outcome).toMatchObject({ kind: 'authenticated', identity: { groups: new Set(['team-web']) } });
  expect(await logIn(backend, 'alice', 'wrong')).toEqual({ kind: 'rejected', reason: 'wrong-password' });
  expect(await logIn(backend, 'nobody', 'wrong')).toEqual({ kind: 'unknown-user' });
  const account = { login: 'alice', subject: 'user-1' };
  expect(await backend.revalidate?.(account, deadlineIn(realClock, 8000))).toEqual(outcome);
  await expect(logIn(withoutToken, 'alice', 'correct horse')).rejects.toThrow(/answered 403 .*check bearer/);
  expect(await backend.probe(deadlineIn(realClock, 8000))).toEqual({ state: 'up' });
});

describe('the request of the http backend', () => {
  it('carries user name and password as JSON, a request id, and the bearer token', async () => {
    await using service = await startUserService();
    await using backend = await createHttpBackend({ url: service.url, bearer: { env: 'TOKEN' } });

    await logIn(backend, 'jösé "x" 漢字', 'p ä"s\\s漢');

    const [request] = service.requests();
    expect(request).toMatchObject({ method: 'POST', path: '/login' });
    expect(JSON.parse(request?.body ?? '')).toEqual({ username: 'jösé "x" 漢字', password: 'p ä"s\\s漢' });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Bearer token-of-the-broker',
      'x-request-id': expect.stringMatching(/^[\da-f-]{36}$/),
    });
    expect(request?.headers).not.toHaveProperty('cookie');
  });

  it('has another id each time, and no Authorization without a bearer token', async () => {
    await using service = await startUserService();
    await using backend = await createHttpBackend({ url: service.url });

    await logIn(backend, 'alice', alice.password);
    await logIn(backend, 'alice', alice.password);

    const [first, second] = service.requests().map(({ headers }) => headers);
    expect(first?.['x-request-id']).not.toBe(second?.['x-request-id']);
    expect(first).not.toHaveProperty('authorization');
  });

  it('of a look-up carries the user name alone, and goes to lookupUrl', async () => {
    await using service = await startUserService();
    await using backend = await createHttpBackend({ url: service.url, lookupUrl: service.lookupUrl });

    await backend.lookup?.('alice', deadlineIn(realClock, 8000));

    expect(service.requests().map(({ path, body }) => ({ path, body }))).toEqual([
      { path: '/user', body: '{"username":"alice"}' },
    ]);
  });

  it('reads a bearer token anew each time, and quotes none that no header can carry', async () => {
    await using service = await startUserService();
    const log = recordingLog();
    let token = 'first-token';
    await using backend = await createHttpBackend(
      { url: service.url, bearer: { env: 'TOKEN' } },
      { log, token: () => token },
    );

    await logIn(backend, 'alice', alice.password);
    token = 'second-token';
    await logIn(backend, 'alice', alice.password);
    token = 'third-token\nand more';
    const failed = await logIn(backend, 'alice', alice.password).catch((error: unknown) => error);

    const sent = service.requests().map(({ headers }) => headers.authorization);
    expect(sent).toEqual(['Bearer first-token', 'Bearer second-token']);
    expect(failed).toMatchObject({ code: 'backend_unavailable', message: expect.stringMatching(/^bearer: expected/) });
    expect(inspect([failed, log.lines], { depth: Infinity })).not.toContain('third-token');
  });

  it('of a probe carries no credential', async () => {
    await using service = await startUserService();
    await using backend = await createHttpBackend({ url: service.url, bearer: { env: 'TOKEN' } });

    expect(await backend.probe(deadlineIn(realClock, 2000))).toEqual({ state: 'up' });

    const [request] = service.requests();
    expect(request).toMatchObject({ method: 'GET', body: '' });
    expect(request?.headers).not.toHaveProperty('authorization');
    service.script({ status: 502 });
    expect(await backend.probe(deadlineIn(realClock, 2000))).toMatchObject({ state: 'down' });
  });
});

describe('the answer of the user service', () => {
  it('makes an identity with groups, attributes and a subject', async () => {
    await using service = await startUserService();
    await using backend = await createHttpBackend({ url: service.url });

    expect(await logIn(backend, 'alice', alice.password)).toEqual({
      kind: 'authenticated',
      identity: {
        username: 'alice',
        groups: new Set(['team-web', 'Auditors']),
        backend: 'accounts',
        caseless: false,
        attributes: new Map([
          ['attr:department', ['Web']],
          ['attr:site', ['berlin', 'rome']],
        ]),
        subject: 'user-1',
      },
    });
  });

  it('gives names in lower case with lowercase: true', async () => {
    await using service = await startUserService();
    service.script({ status: 200, body: { username: 'Alice', groups: ['Auditors', 'CN=A,DC=B'] } });
    await using backend = await createHttpBackend({ url: service.url, lowercase: true });

    expect(await logIn(backend, 'ALICE', 'x')).toMatchObject({
      identity: { username: 'alice', groups: new Set(['auditors', 'cn=a,dc=b']), caseless: true },
    });
  });

  it.each([204, 201, 301, 302, 307, 308, 400, 403, 405, 418, 429, 500, 502, 503])(
    'with status %d is an outage and never an outcome',
    async (status) => {
      await using service = await startUserService();
      const body = status === 204 ? '' : { username: 'alice', groups: [] };
      service.script({ status, body, headers: { location: service.lookupUrl } });
      await using backend = await createHttpBackend({ url: service.url });

      const attempt = logIn(backend, 'alice', alice.password);

      await expect(attempt).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: expect.stringContaining(`answered ${status} to request `),
      });
      // No redirect is followed.
      expect(service.requests()).toHaveLength(1);
    },
  );

  it('with a Retry-After says when to come back, two minutes at most', async () => {
    await using service = await startUserService();
    await using backend = await createHttpBackend({ url: service.url });
    const retryAfter = async (value: string): Promise<unknown> => {
      service.script({ status: 503, headers: { 'retry-after': value } });
      return logIn(backend, 'alice', alice.password).catch((error: unknown) => error);
    };

    expect(await retryAfter('7')).toMatchObject({ retryAfter: 7 });
    expect(await retryAfter('86400')).toMatchObject({ retryAfter: 120 });
    expect(await retryAfter('-1')).not.toHaveProperty('retryAfter', -1);
  });

  it('with 401 and a challenge for a bearer token is about the broker, where it has one', async () => {
    await using service = await startUserService();
    const log = recordingLog();
    service.script({ status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } });
    await using withToken = await createHttpBackend({ url: service.url, bearer: { env: 'TOKEN' } }, { log });
    await using without = await createHttpBackend({ url: service.url });

    await expect(logIn(withToken, 'alice', alice.password)).rejects.toThrow(/401 .*check bearer/);
    expect(log.lines).toMatchObject([{ level: 'error', message: 'user service not usable' }]);
    expect(await logIn(without, 'alice', alice.password)).toMatchObject({ kind: 'rejected' });
    service.script({ status: 401, headers: { 'www-authenticate': 'Basic' } });
    expect(await logIn(withToken, 'alice', alice.password)).toMatchObject({ kind: 'rejected' });
  });

  it('with 404 is an outage with notFound: unavailable', async () => {
    await using service = await startUserService();
    await using backend = await createHttpBackend({ url: service.url, notFound: 'unavailable' });

    await expect(logIn(backend, 'nobody', 'x')).rejects.toThrow(/answered 404 .*check url/);
  });

  it('with status 200 and a body that is no user is an outage, and nothing of it is in the log', async () => {
    await using service = await startUserService();
    const log = recordingLog();
    await using backend = await createHttpBackend({ url: service.url }, { log });
    const failure = async (body: unknown): Promise<unknown> => {
      service.script({ status: 200, body });
      return logIn(backend, 'alice', alice.password).catch((error: unknown) => error);
    };

    const failures = [
      await failure({ username: 'alice', groups: [], [alice.password]: true }),
      await failure(`<html>${alice.password}</html>`),
      await failure(`{"username":"alice","groups":[]${' '.repeat(300_000)}}`),
    ];

    const outage = (message: RegExp) => ({ code: 'backend_unavailable', message: expect.stringMatching(message) });
    expect(failures).toMatchObject([outage(/not valid: expected only/), outage(/JSON object/), outage(/longer than/)]);
    expect(inspect([failures, log.lines], { depth: Infinity })).not.toContain(alice.password);
    // The control: the same login succeeds with a valid body.
    expect(await failure({ username: 'alice', groups: [] })).toMatchObject({ kind: 'authenticated' });
  });

  it('to a revalidation rejects an account that may not log in any more, and a changed one is unknown', async () => {
    await using service = await startUserService();
    await using backend = await createHttpBackend({ url: service.url, lookupUrl: service.lookupUrl });
    const again = () => backend.revalidate?.({ login: 'alice', subject: 'user-1' }, deadlineIn(realClock, 8000));
    expect(await again()).toMatchObject({ kind: 'authenticated' });

    service.script({ status: 401 });
    expect(await again()).toEqual({ kind: 'rejected', reason: 'disabled' });
    service.script({ status: 200, body: { username: 'alice', groups: [] } });
    expect(await again()).toEqual({ kind: 'unknown-user' });
    service.script({ status: 500 });
    await expect(again()).rejects.toMatchObject({ code: 'backend_unavailable' });
  });
});
