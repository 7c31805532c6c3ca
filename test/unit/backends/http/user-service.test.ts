/** What a response means, with a connection that gives it without a network. */
import { describe, expect, it } from 'vitest';
import type { Connection, HttpRequest } from '../../../../src/backends/http-client/connection.ts';
import { createUserService } from '../../../../src/backends/http/user-service.ts';
import type { UserService } from '../../../../src/backends/http/user-service.ts';
import { Secret } from '../../../../src/core/identity.ts';
import { recordingLog } from '../../../support/fakes.ts';

const URL = 'https://accounts.example.com/login';

function answering(
  respond: (request: HttpRequest) => Response | Promise<never>,
  { token, isNotFoundTrusted = true }: { readonly token?: string; readonly isNotFoundTrusted?: boolean } = {},
) {
  const log = recordingLog();
  const connection: Connection = {
    fetchUntil: () => async (_url, request) => respond(request),
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
  const service: UserService = createUserService({
    rules: { backend: 'accounts', lowercase: false },
    bearer: token === undefined ? undefined : { read: async () => new Secret(token) },
    isNotFoundTrusted,
    connection: () => connection,
    log,
  });
  return {
    log,
    post: (signal = new AbortController().signal) =>
      service.post(URL, { username: 'alice', password: 'a-password' }, signal),
  };
}

const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): (() => Response) =>
  () =>
    new Response(null, { status: code, headers });

describe('a response of the user service', () => {
  it('with 200 is the user', async () => {
    const { post } = answering(() => Response.json({ username: 'alice', groups: ['team-web'] }));

    expect(await post()).toMatchObject({ kind: 'user', identity: { username: 'alice', backend: 'accounts' } });
  });

  it('with 401 rejects the user, and with 404 does not know one', async () => {
    expect(await answering(status(401)).post()).toEqual({ kind: 'rejected' });
    expect(await answering(status(404)).post()).toEqual({ kind: 'unknown-user' });
  });

  it('with 404 is an outage where 404 is not trusted', async () => {
    const { post, log } = answering(status(404), { isNotFoundTrusted: false });

    await expect(post()).rejects.toMatchObject({ code: 'backend_unavailable' });
    expect(log.lines).toMatchObject([{ level: 'error', fields: { backend: 'accounts' } }]);
  });

  it.each(['Bearer', 'bearer error="invalid_token"'])(
    'with 401 and the challenge %j is about the broker',
    async (challenge) => {
      const headers = { 'www-authenticate': challenge };

      await expect(answering(status(401, headers), { token: 'token' }).post()).rejects.toThrow(/check bearer/);
      expect(await answering(status(401, headers)).post()).toEqual({ kind: 'rejected' });
    },
  );

  it.each([201, 204, 301, 302, 307, 400, 402, 403, 405, 408, 409, 410, 418, 422])(
    'with %d is an outage that only an operator can end, and logged as an error',
    async (code) => {
      const { post, log } = answering(status(code));

      await expect(post()).rejects.toMatchObject({ code: 'backend_unavailable' });
      expect(log.lines.map(({ message }) => message)).toEqual(['user service not usable']);
    },
  );

  it.each([429, 500, 502, 503, 504])('with %d is an outage that passes, with its Retry-After', async (code) => {
    const { post, log } = answering(status(code, { 'retry-after': '7' }));

    await expect(post()).rejects.toMatchObject({ code: 'backend_unavailable', retryAfter: 7 });
    expect(log.lines).toEqual([]);
  });

  it('that does not come is an outage, which says whether the time was over', async () => {
    const unreachable = answering(() => Promise.reject(new TypeError('fetch failed', { cause: new Error('refused') })));
    const late = answering(() => Promise.reject(new DOMException('aborted', 'TimeoutError')));

    await expect(unreachable.post()).rejects.toThrow('the user service cannot be asked: refused');
    await expect(late.post(AbortSignal.abort())).rejects.toThrow('the user service did not answer in time');
  });
});

it('the error of a failed request has no cause, which could hold the password', async () => {
  const { post } = answering(() => Promise.reject(new TypeError('fetch failed', { cause: new Error('refused') })));

  const error = await post().catch((cause: unknown) => cause);

  expect(error).toMatchObject({ code: 'backend_unavailable' });
  expect(error).not.toHaveProperty('cause');
});
