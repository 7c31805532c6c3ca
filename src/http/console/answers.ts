/** What a person reads when a request fails. The causes are in the log, under the request id. */
import type { ErrorCode } from '../../core/errors.ts';

interface PageAnswer {
  readonly status: number;
  readonly title: string;
  /** What to do. */
  readonly text: string;
  readonly retryAfter?: number;
}

const REFUSED: PageAnswer = {
  status: 401,
  title: 'Wrong user name or password',
  text: 'Check both, and sign in again.',
};
const UNAVAILABLE: PageAnswer = {
  status: 503,
  title: 'The sign-in service cannot be reached',
  text: 'Nothing is wrong with your account. Try again in a minute.',
  retryAfter: 5,
};
const BROKEN: PageAnswer = {
  status: 500,
  title: 'Something went wrong here',
  text: 'The log of this server says more. Give your administrator the request id.',
};
const MALFORMED: PageAnswer = { status: 400, title: 'This request cannot be read', text: 'Go back, and try again.' };

/** The refusals of a login with a password all read the same, as for docker. */
const ANSWERS: Readonly<Record<ErrorCode, PageAnswer>> = {
  invalid_credentials: REFUSED,
  token_refused: REFUSED,
  empty_password: REFUSED,
  password_not_accepted: {
    status: 401,
    title: 'Passwords are not accepted here',
    text: 'Sign in at your identity provider instead.',
  },
  misplaced_token: {
    status: 401,
    title: 'A Fairlead token is no password here',
    text: 'Sign in with your own user name and password.',
  },
  second_factor_required: {
    status: 401,
    title: 'This account needs a second factor',
    text: 'Sign in at your identity provider instead.',
  },
  too_many_attempts: {
    status: 429,
    title: 'Too many wrong passwords',
    text: 'Wait before you try again.',
    retryAfter: 60,
  },
  sign_in_refused: {
    status: 403,
    title: 'You are not signed in',
    text: 'The sign-in was cancelled, or this account may not sign in here. Your administrator knows more.',
  },
  sign_in_invalid: {
    status: 400,
    title: 'This sign-in has ended',
    text: 'It took too long, was used before, or was begun in another browser. Begin again.',
  },
  unknown_client: {
    status: 400,
    title: 'This program may not ask for a sign-in',
    text: 'Only the credential helper of Fairlead may. If you did not run a login command, close this page.',
  },
  unknown_service: {
    status: 400,
    title: 'This registry has no sign-in for programs',
    text: 'Compare its name with the one that your administrator gave you.',
  },
  helper_refused: {
    status: 403,
    title: 'This sign-in is not possible',
    text: 'Your account, or the network of the program, does not allow it. Your administrator knows more.',
  },
  too_many_wrong_codes: {
    status: 429,
    title: 'Too many wrong codes',
    text: 'Wait ten minutes, and begin again in your terminal.',
    retryAfter: 600,
  },
  foreign_origin: {
    status: 403,
    title: 'This request came from another site',
    text: 'Nothing was changed. Open the page here, and try again.',
  },
  not_found: { status: 404, title: 'There is nothing here', text: 'The page does not exist, or not any more.' },
  method_not_allowed: { ...MALFORMED, status: 405 },
  request_too_large: { ...MALFORMED, status: 413 },
  form_required: MALFORMED,
  too_many_fields: MALFORMED,
  invalid_request: MALFORMED,
  backend_unavailable: UNAVAILABLE,
  records_unavailable: UNAVAILABLE,
  audit_unavailable: UNAVAILABLE,
  signing_unavailable: UNAVAILABLE,
  shutting_down: UNAVAILABLE,
  too_much_work: UNAVAILABLE,
  too_many_scopes: MALFORMED,
  damaged_token: REFUSED,
  personal_token_refused: REFUSED,
  // Only programs get these.
  access_denied: BROKEN,
  authorization_pending: BROKEN,
  code_refused: BROKEN,
  device_code_expired: BROKEN,
  doctor_probe: BROKEN,
  login_required: BROKEN,
  polled_too_often: BROKEN,
  refresh_token_refused: BROKEN,
  sign_in_due: BROKEN,
  too_many_bad_tokens: BROKEN,
  too_many_codes: BROKEN,
  unsupported_grant: BROKEN,
  internal: BROKEN,
};

export function pageAnswer(code: ErrorCode): PageAnswer {
  return ANSWERS[code];
}
