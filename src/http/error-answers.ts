/** The table of error answers: the only place that turns an error code into a status and a sentence. */
import type { ErrorCode } from '../core/errors.ts';
import { MAX_SCOPES } from '../core/scope.ts';
import type { Answer } from './answer.ts';
import { MAX_FIELDS } from './form.ts';
import { HELPER_ANSWERS } from './oauth/answers.ts';

/** Where people sign in, in a sentence of a broker whose URL for that is not known. */
const THIS_SERVER = 'this token server';

export const ANSWERS = {
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
  too_many_fields: {
    status: 400,
    code: 'INVALID_REQUEST',
    sentence: `the request has too many parameters; send at most ${MAX_FIELDS}`,
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

/** What a client read, without the id of its request and the URL of the console. */
export function sentenceOf(code: ErrorCode): string {
  return ANSWERS[code].sentence;
}

function passwordNotAccepted(place: string): string {
  return (
    'passwords are not accepted here; run docker-credential-fairlead login, ' +
    `or sign in with a browser at ${place} and create a token to use as the password`
  );
}

function signInDue(place: string): string {
  return `your last sign-in is too long ago; sign in with a browser at ${place}, and this login works again`;
}
