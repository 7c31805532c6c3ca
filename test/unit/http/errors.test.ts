/** How errors reach the client, the log and the audit. */
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import type { ErrorCode } from '../../../src/core/errors.ts';
import { openHttpApp, SERVICE } from '../../support/http-app.ts';
import type { HttpApp } from '../../support/http-app.ts';

const PATH = `/token?service=${SERVICE.name}`;
const CAUSE = 'cn=admin said 49 at 10.0.0.5';

interface Expected {
  readonly status: number;
  readonly registry: string;
  readonly oauth: string;
  readonly sentence: string;
  readonly challenge?: true;
  readonly retryAfter?: string;
}

/** Every code stands here: the compiler reports one that is missing. */
const EXPECTED: Readonly<Record<ErrorCode, Expected>> = {
  invalid_request: {
    status: 400,
    registry: 'INVALID_REQUEST',
    oauth: 'invalid_request',
    sentence: 'the token request is malformed',
  },
  form_required: {
    status: 400,
    registry: 'INVALID_REQUEST',
    oauth: 'invalid_request',
    sentence:
      'a POST for a token must be a form: send the parameters in the body, uncompressed, ' +
      'with Content-Type: application/x-www-form-urlencoded, or use GET',
  },
  too_many_fields: {
    status: 400,
    registry: 'INVALID_REQUEST',
    oauth: 'invalid_request',
    sentence: 'the request has too many parameters; send at most 1000',
  },
  too_many_scopes: {
    status: 400,
    registry: 'INVALID_REQUEST',
    oauth: 'invalid_scope',
    sentence: 'the request has too many scopes; request at most 500 at once',
  },
  password_not_accepted: {
    status: 401,
    registry: 'UNAUTHORIZED',
    oauth: 'invalid_grant',
    sentence:
      'passwords are not accepted here; run docker-credential-fairlead login, ' +
      'or sign in with a browser at this token server and create a token to use as the password',
    challenge: true,
  },
  sign_in_due: {
    status: 401,
    registry: 'UNAUTHORIZED',
    oauth: 'invalid_grant',
    sentence:
      'your last sign-in is too long ago; sign in with a browser at this token server, and this login works again',
    challenge: true,
  },
  sign_in_refused: {
    status: 403,
    registry: 'DENIED',
    oauth: 'access_denied',
    sentence: 'this account may not sign in here',
  },
  sign_in_invalid: {
    status: 400,
    registry: 'INVALID_REQUEST',
    oauth: 'invalid_request',
    sentence: 'this sign-in has ended, or was begun in another browser; begin again',
  },
  unknown_client: {
    status: 400,
    registry: 'INVALID_REQUEST',
    sentence: 'this program is not one that may ask for a login',
    oauth: 'invalid_client',
  },
  code_refused: {
    status: 400,
    registry: 'UNAUTHORIZED',
    sentence:
      'this sign-in cannot be completed: it was used, took too long, or the account may not log in; begin again',
    oauth: 'invalid_grant',
  },
  authorization_pending: {
    status: 400,
    registry: 'UNAUTHORIZED',
    sentence: 'nobody has typed the code yet',
    oauth: 'authorization_pending',
  },
  polled_too_often: {
    status: 400,
    registry: 'TOOMANYREQUESTS',
    sentence: 'wait longer before you ask again',
    oauth: 'slow_down',
  },
  device_code_expired: {
    status: 400,
    registry: 'UNAUTHORIZED',
    sentence: 'the code has expired; begin again',
    oauth: 'expired_token',
  },
  access_denied: {
    status: 400,
    registry: 'DENIED',
    sentence: 'the sign-in was refused in the browser',
    oauth: 'access_denied',
  },
  too_many_codes: {
    status: 429,
    registry: 'TOOMANYREQUESTS',
    sentence: 'too many sign-ins wait for their codes; try again in a few minutes',
    oauth: 'slow_down',
    retryAfter: '60',
  },
  too_many_wrong_codes: {
    status: 429,
    registry: 'TOOMANYREQUESTS',
    sentence: 'too many wrong codes; wait ten minutes',
    oauth: 'slow_down',
    retryAfter: '600',
  },
  helper_refused: {
    status: 403,
    registry: 'DENIED',
    sentence: 'this account cannot have a login of a program',
    oauth: 'access_denied',
  },
  foreign_origin: {
    status: 403,
    registry: 'DENIED',
    oauth: 'invalid_request',
    sentence: 'this request does not come from a page of this server',
  },
  doctor_probe: {
    status: 401,
    registry: 'UNAUTHORIZED',
    oauth: 'invalid_grant',
    sentence: 'wrong user name or password',
    challenge: true,
  },
  empty_password: {
    status: 401,
    registry: 'UNAUTHORIZED',
    oauth: 'invalid_grant',
    sentence:
      'no password was sent; run docker login, or, if docker login stored an identity token ' +
      'that this program cannot use, log in for this program separately',
    challenge: true,
  },
  unknown_service: {
    status: 400,
    registry: 'UNKNOWN_SERVICE',
    oauth: 'invalid_target',
    sentence: 'this token server does not serve the registry that was named as service',
  },
  unsupported_grant: {
    status: 400,
    registry: 'UNSUPPORTED',
    oauth: 'unsupported_grant_type',
    sentence: 'this grant type is not offered; log in with user name and password',
  },
  login_required: {
    status: 401,
    registry: 'UNAUTHORIZED',
    oauth: 'invalid_client',
    sentence: 'authentication required; run docker login first',
    challenge: true,
  },
  invalid_credentials: {
    status: 401,
    registry: 'UNAUTHORIZED',
    oauth: 'invalid_grant',
    sentence: 'wrong user name or password',
    challenge: true,
  },
  second_factor_required: {
    status: 401,
    registry: 'UNAUTHORIZED',
    oauth: 'invalid_grant',
    sentence:
      'this account needs a second factor (MFA), which cannot be asked for here; ' +
      'log in with a token of your identity provider in place of the password',
    challenge: true,
  },
  misplaced_token: {
    status: 401,
    registry: 'UNAUTHORIZED',
    oauth: 'invalid_grant',
    sentence:
      'a Fairlead token is not accepted as user name or password; ' +
      'run docker login with your own user name and password',
    challenge: true,
  },
  token_refused: {
    status: 401,
    registry: 'UNAUTHORIZED',
    oauth: 'invalid_grant',
    sentence: 'the token given as password is not accepted; the log of the token server says why',
    challenge: true,
  },
  refresh_token_refused: {
    status: 401,
    registry: 'UNAUTHORIZED',
    oauth: 'invalid_grant',
    sentence: 'this login has ended; sign in again (docker login, or docker-credential-fairlead login)',
    challenge: true,
  },
  damaged_token: {
    status: 401,
    registry: 'UNAUTHORIZED',
    oauth: 'invalid_grant',
    sentence: 'this is not a whole token; copy it again',
    challenge: true,
  },
  personal_token_refused: {
    status: 401,
    registry: 'UNAUTHORIZED',
    oauth: 'invalid_grant',
    sentence: 'this token is not accepted; create a new one, or ask the operator why it is refused',
    challenge: true,
  },
  too_many_bad_tokens: {
    status: 429,
    registry: 'TOOMANYREQUESTS',
    oauth: 'slow_down',
    sentence: 'too many tokens that are not accepted; wait before trying again',
    retryAfter: '60',
  },
  too_many_attempts: {
    status: 429,
    registry: 'TOOMANYREQUESTS',
    oauth: 'slow_down',
    sentence: 'too many wrong passwords; wait before trying again',
    retryAfter: '60',
  },
  audit_unavailable: {
    status: 503,
    registry: 'UNAVAILABLE',
    oauth: 'temporarily_unavailable',
    sentence: 'the token server cannot issue tokens at the moment; try again soon',
    retryAfter: '5',
  },
  signing_unavailable: {
    status: 503,
    registry: 'UNAVAILABLE',
    oauth: 'temporarily_unavailable',
    sentence: 'the token server cannot issue tokens at the moment; try again soon',
    retryAfter: '5',
  },
  backend_unavailable: {
    status: 503,
    registry: 'UNAVAILABLE',
    oauth: 'temporarily_unavailable',
    sentence: 'the login service cannot be reached; try again soon',
    retryAfter: '5',
  },
  records_unavailable: {
    status: 503,
    registry: 'UNAVAILABLE',
    oauth: 'temporarily_unavailable',
    sentence: 'stored logins cannot be checked or stored at the moment; yours stays valid, try again soon',
    retryAfter: '5',
  },
  too_much_work: {
    status: 503,
    registry: 'UNAVAILABLE',
    oauth: 'temporarily_unavailable',
    sentence: 'the request takes too long to decide; ask for fewer scopes, or try again soon',
    retryAfter: '5',
  },
  not_found: {
    status: 404,
    registry: 'NOT_FOUND',
    oauth: 'invalid_request',
    sentence: 'there is nothing here; tokens are at /token',
  },
  method_not_allowed: {
    status: 405,
    registry: 'UNSUPPORTED',
    oauth: 'invalid_request',
    sentence: 'this method is not allowed here',
  },
  request_too_large: {
    status: 413,
    registry: 'SIZE_INVALID',
    oauth: 'invalid_request',
    sentence: 'the request is too large',
  },
  shutting_down: {
    status: 503,
    registry: 'UNAVAILABLE',
    oauth: 'temporarily_unavailable',
    sentence: 'this token server is stopping; try again',
    retryAfter: '1',
  },
  internal: {
    status: 500,
    registry: 'UNKNOWN',
    oauth: 'server_error',
    sentence: 'an internal error occurred; the log of the token server says more',
  },
};

const failing = (error: unknown): Promise<HttpApp> =>
  openHttpApp({
    identify: async () => {
      throw error;
    },
  });

describe('an error', () => {
  it.each(Object.entries(EXPECTED) as [ErrorCode, Expected][])(
    '%s has its status, sentence and headers, and never its cause',
    async (code, expected) => {
      await using app = await failing(new BrokerError(code, CAUSE));

      const { status, headers, json, text } = await app.send(PATH);

      const message = `${expected.sentence} (request id-1)`;
      expect({ status, json }).toEqual({
        status: expected.status,
        json: {
          errors: [{ code: expected.registry, message }],
          error: expected.oauth,
          error_description: message,
        },
      });
      expect(headers['www-authenticate']).toBe(
        expected.challenge === true ? 'Basic realm="fairlead", charset="UTF-8"' : undefined,
      );
      expect(headers['retry-after']).toBe(expected.retryAfter);
      expect(text).not.toContain('10.0.0.5');
      // A poll that comes before the answer of a person is no refusal.
      const events = code === 'authorization_pending' ? [] : [{ type: 'token.refused', code, cause: CAUSE }];
      expect(app.audit.events).toMatchObject(events);
    },
  );

  it.each([
    [
      'password_not_accepted',
      'passwords are not accepted here; run docker-credential-fairlead login, or sign in with a browser at ' +
        'https://auth.example.com/console and create a token to use as the password',
    ],
    [
      'sign_in_due',
      'your last sign-in is too long ago; sign in with a browser at https://auth.example.com/console, ' +
        'and this login works again',
    ],
    ['invalid_credentials', 'wrong user name or password'],
  ] as const)('%s says where people sign in, if it is about that, and there is a console', async (code, sentence) => {
    await using app = await openHttpApp({
      consoleUrl: 'https://auth.example.com/console',
      identify: async () => {
        throw new BrokerError(code, CAUSE);
      },
    });

    const { json } = await app.send(PATH, { headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' } });

    expect(json).toMatchObject({ errors: [{ message: `${sentence} (request id-1)` }] });
  });

  it('says after how many seconds to try again wherever waiting helps', () => {
    const waiting = Object.entries(EXPECTED).filter(([, { status }]) => status === 429 || status === 503);

    expect(waiting.map(([code]) => code)).toEqual(expect.arrayContaining(['too_many_attempts', 'shutting_down']));
    expect(waiting.filter(([, { retryAfter }]) => retryAfter === undefined)).toEqual([]);
  });

  it('has the Retry-After that it carries, in whole seconds', async () => {
    await using app = await failing(new BrokerError('backend_unavailable', CAUSE, { retryAfter: 7.2 }));

    expect((await app.send(PATH)).headers['retry-after']).toBe('8');
  });

  it('of an unexpected kind is internal, and the log has the request id and the cause', async () => {
    await using app = await failing(new TypeError(CAUSE));

    const { status } = await app.send(PATH);

    expect(status).toBe(500);
    expect(app.log.lines).toEqual([
      {
        level: 'error',
        message: 'request failed',
        fields: { requestId: 'id-1', cause: `unexpected error: TypeError: ${CAUSE}` },
      },
    ]);
  });

  it.each([
    ['an unknown path', '/nothing', 404],
    ['a refused login', PATH, 401],
  ])('for %s is not logged as a failure', async (_what, path, status) => {
    await using app = await failing(new BrokerError('invalid_credentials', CAUSE));

    const answer = await app.send(path);

    expect(answer.status).toBe(status);
    expect(app.log.lines).toEqual([]);
  });

  it('is recorded with the service and the user name, when the request could be parsed', async () => {
    await using app = await failing(new BrokerError('invalid_credentials', CAUSE));

    await app.send(PATH, { headers: { authorization: `Basic ${btoa('alice:secret-12')}` } });
    await app.send(`${PATH}&service=another`);

    expect(app.audit.events).toMatchObject([
      { type: 'token.refused', service: SERVICE.name, username: 'alice' },
      { type: 'token.refused', code: 'invalid_request', service: '' },
    ]);
    expect(JSON.stringify(app.audit.events)).not.toContain('secret-12');
  });

  it('of metrics is answered and logged too', async () => {
    const metrics = async (): Promise<never> => {
      throw new Error('no metrics');
    };
    await using app = await openHttpApp({ metrics });

    expect((await app.send('/metrics')).status).toBe(500);
    expect(app.log.lines).toMatchObject([{ level: 'error', message: 'request failed' }]);
  });
});
