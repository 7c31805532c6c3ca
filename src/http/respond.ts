/** The table of error answers, and the functions that write answers. */
import type { Response } from 'express';
import { BrokerError } from '../core/errors.ts';
import type { ErrorCode } from '../core/errors.ts';
import { MAX_SCOPES } from '../core/scope.ts';
import type { Answer, AnswerSettings } from './answer.ts';
import { HELPER_ANSWERS } from './oauth/answers.ts';

/** Where people sign in, in a sentence of a broker whose URL for that is not known. */
const THIS_SERVER = 'this token server';

const ANSWERS = {
  invalid_request: {
    status: 400,
    code: 'INVALID_REQUEST',
    sentence: 'the token request is malformed',
    oauth: 'invalid_request',
  },
  form_required: {
    status: 400,
    code: 'INVALID_REQUEST',
    sentence:
      'a POST for a token must be a form: send the parameters in the body, uncompressed, ' +
      'with Content-Type: application/x-www-form-urlencoded, or use GET',
    oauth: 'invalid_request',
  },
  too_many_scopes: {
    status: 400,
    code: 'INVALID_REQUEST',
    sentence: `the request has too many scopes; request at most ${MAX_SCOPES} at once`,
    oauth: 'invalid_scope',
  },
  unknown_service: {
    status: 400,
    code: 'UNKNOWN_SERVICE',
    sentence: 'this token server does not serve the registry that was named as service',
    oauth: 'invalid_target',
  },
  unsupported_grant: {
    status: 400,
    code: 'UNSUPPORTED',
    sentence: 'this grant type is not offered; log in with user name and password',
    oauth: 'unsupported_grant_type',
  },
  login_required: {
    status: 401,
    code: 'UNAUTHORIZED',
    sentence: 'authentication required; run docker login first',
    oauth: 'invalid_client',
    challenge: true,
  },
  invalid_credentials: {
    status: 401,
    code: 'UNAUTHORIZED',
    sentence: 'wrong user name or password',
    oauth: 'invalid_grant',
    challenge: true,
  },
  password_not_accepted: {
    status: 401,
    code: 'UNAUTHORIZED',
    sentence: passwordNotAccepted(THIS_SERVER),
    sentenceAt: passwordNotAccepted,
    oauth: 'invalid_grant',
    challenge: true,
  },
  // The same answer as to a header that is not valid.
  doctor_probe: {
    status: 401,
    code: 'UNAUTHORIZED',
    sentence: 'wrong user name or password',
    oauth: 'invalid_grant',
    challenge: true,
  },
  empty_password: {
    status: 401,
    code: 'UNAUTHORIZED',
    sentence:
      'no password was sent; run docker login, or, if docker login stored an identity token ' +
      'that this program cannot use, log in for this program separately',
    oauth: 'invalid_grant',
    challenge: true,
  },
  second_factor_required: {
    status: 401,
    code: 'UNAUTHORIZED',
    sentence:
      'this account needs a second factor (MFA), which cannot be asked for here; ' +
      'log in with a token of your identity provider in place of the password',
    oauth: 'invalid_grant',
    challenge: true,
  },
  misplaced_token: {
    status: 401,
    code: 'UNAUTHORIZED',
    sentence:
      'a Fairlead token is not accepted as user name or password; ' +
      'run docker login with your own user name and password',
    oauth: 'invalid_grant',
    challenge: true,
  },
  token_refused: {
    status: 401,
    code: 'UNAUTHORIZED',
    sentence: 'the token given as password is not accepted; the log of the token server says why',
    oauth: 'invalid_grant',
    challenge: true,
  },
  refresh_token_refused: {
    status: 401,
    code: 'UNAUTHORIZED',
    sentence: 'this login has ended; sign in again (docker login, or docker-credential-fairlead login)',
    oauth: 'invalid_grant',
    challenge: true,
  },
  sign_in_due: {
    status: 401,
    code: 'UNAUTHORIZED',
    sentence: signInDue(THIS_SERVER),
    sentenceAt: signInDue,
    oauth: 'invalid_grant',
    challenge: true,
  },
  damaged_token: {
    status: 401,
    code: 'UNAUTHORIZED',
    sentence: 'this is not a whole token; copy it again',
    oauth: 'invalid_grant',
    challenge: true,
  },
  personal_token_refused: {
    status: 401,
    code: 'UNAUTHORIZED',
    sentence: 'this token is not accepted; create a new one, or ask the operator why it is refused',
    oauth: 'invalid_grant',
    challenge: true,
  },
  too_many_attempts: {
    status: 429,
    code: 'TOOMANYREQUESTS',
    sentence: 'too many wrong passwords; wait before trying again',
    oauth: 'slow_down',
    retryAfter: 60,
  },
  too_many_bad_tokens: {
    status: 429,
    code: 'TOOMANYREQUESTS',
    sentence: 'too many tokens that are not accepted; wait before trying again',
    oauth: 'slow_down',
    retryAfter: 60,
  },
  backend_unavailable: {
    status: 503,
    code: 'UNAVAILABLE',
    sentence: 'the login service cannot be reached; try again soon',
    oauth: 'temporarily_unavailable',
    retryAfter: 5,
  },
  records_unavailable: {
    status: 503,
    code: 'UNAVAILABLE',
    sentence: 'stored logins cannot be checked or stored at the moment; yours stays valid, try again soon',
    oauth: 'temporarily_unavailable',
    retryAfter: 5,
  },
  audit_unavailable: {
    status: 503,
    code: 'UNAVAILABLE',
    sentence: 'the token server cannot issue tokens at the moment; try again soon',
    oauth: 'temporarily_unavailable',
    retryAfter: 5,
  },
  signing_unavailable: {
    status: 503,
    code: 'UNAVAILABLE',
    sentence: 'the token server cannot issue tokens at the moment; try again soon',
    oauth: 'temporarily_unavailable',
    retryAfter: 5,
  },
  too_much_work: {
    status: 503,
    code: 'UNAVAILABLE',
    sentence: 'the request takes too long to decide; ask for fewer scopes, or try again soon',
    oauth: 'temporarily_unavailable',
    retryAfter: 5,
  },
  sign_in_refused: {
    status: 403,
    code: 'DENIED',
    sentence: 'this account may not sign in here',
    oauth: 'access_denied',
  },
  sign_in_invalid: {
    status: 400,
    code: 'INVALID_REQUEST',
    sentence: 'this sign-in has ended, or was begun in another browser; begin again',
    oauth: 'invalid_request',
  },
  ...HELPER_ANSWERS,
  foreign_origin: {
    status: 403,
    code: 'DENIED',
    sentence: 'this request does not come from a page of this server',
    oauth: 'invalid_request',
  },
  not_found: {
    status: 404,
    code: 'NOT_FOUND',
    sentence: 'there is nothing here; tokens are at /token',
    oauth: 'invalid_request',
  },
  method_not_allowed: {
    status: 405,
    code: 'UNSUPPORTED',
    sentence: 'this method is not allowed here',
    oauth: 'invalid_request',
  },
  request_too_large: {
    status: 413,
    code: 'SIZE_INVALID',
    sentence: 'the request is too large',
    oauth: 'invalid_request',
  },
  shutting_down: {
    status: 503,
    code: 'UNAVAILABLE',
    sentence: 'this token server is stopping; try again',
    oauth: 'temporarily_unavailable',
    retryAfter: 1,
  },
  internal: {
    status: 500,
    code: 'UNKNOWN',
    sentence: 'an internal error occurred; the log of the token server says more',
    oauth: 'server_error',
  },
} as const satisfies Record<ErrorCode, Answer>;

function passwordNotAccepted(place: string): string {
  return (
    'passwords are not accepted here; run docker-credential-fairlead login, ' +
    `or sign in with a browser at ${place} and create a token to use as the password`
  );
}

function signInDue(place: string): string {
  return `your last sign-in is too long ago; sign in with a browser at ${place}, and this login works again`;
}

/** What a client read, without the id of its request and the URL of the console. */
export function sentenceOf(code: ErrorCode): string {
  return ANSWERS[code].sentence;
}

/** Converts what a handler threw. The errors of body-parser have a `type`; any other error is a defect of ours. */
export function toBrokerError(error: unknown): BrokerError {
  if (error instanceof BrokerError) return error;
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  if (type === 'entity.too.large') return new BrokerError('request_too_large', 'the body is over 64 KiB');
  if (type === 'encoding.unsupported' || type === 'charset.unsupported') return new BrokerError('form_required', type);
  if (typeof type === 'string') return new BrokerError('invalid_request', type);
  return new BrokerError('internal', 'unexpected error', { cause: error });
}

/**
 * The body of an error answer. The message contains the request id, because docker prints nothing else. There is no
 * `detail`: crane, oras and helm print it after the message.
 */
export function errorBody(code: ErrorCode, requestId: string): string {
  return bodyOf(ANSWERS[code], requestId);
}

export function bodyOf(answer: Pick<Answer, 'code' | 'sentence' | 'oauth'>, requestId: string): string {
  const message = `${answer.sentence} (request ${requestId})`;
  return JSON.stringify({
    errors: [{ code: answer.code, message }],
    error: answer.oauth,
    error_description: message,
  });
}

/** Writes the answer for a failed request. */
export function respondError(
  response: Response,
  error: BrokerError,
  requestId: string,
  { realm, consoleUrl }: AnswerSettings,
): void {
  const answer: Answer = ANSWERS[error.code];
  const sentence = consoleUrl === undefined ? undefined : answer.sentenceAt?.(consoleUrl);
  const retryAfter = error.retryAfter ?? answer.retryAfter;
  if (retryAfter !== undefined) response.setHeader('Retry-After', Math.ceil(retryAfter));
  // Not `Bearer error=…`: docker would print the message twice.
  if (answer.challenge === true) response.setHeader('WWW-Authenticate', `Basic realm="${realm}", charset="UTF-8"`);
  respondJson(
    response,
    answer.status,
    bodyOf({ ...answer, ...(sentence === undefined ? {} : { sentence }) }, requestId),
  );
}

/** Sends JSON text with the headers of the answers of a token endpoint (RFC 6749, section 5.1). */
export function respondJson(response: Response, status: number, body: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Pragma', 'no-cache');
  const length = Buffer.byteLength(body);
  response.setHeader('Content-Length', length);
  // The same bytes for ASCII, in half the time: a token answer is all ASCII.
  response.end(body, length === body.length ? 'latin1' : 'utf8');
}
