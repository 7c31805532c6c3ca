/** The error answers to the credential helper (RFC 6749, section 5.2; RFC 8628, section 3.5). */
import type { Answer } from '../answer.ts';

export const HELPER_ANSWERS = {
  unknown_client: {
    status: 400,
    code: 'INVALID_REQUEST',
    sentence: 'this program is not one that may ask for a login',
    oauth: 'invalid_client',
  },
  code_refused: {
    status: 400,
    code: 'UNAUTHORIZED',
    sentence:
      'this sign-in cannot be completed: it was used, took too long, or the account may not log in; begin again',
    oauth: 'invalid_grant',
  },
  authorization_pending: {
    status: 400,
    code: 'UNAUTHORIZED',
    sentence: 'nobody has typed the code yet',
    oauth: 'authorization_pending',
  },
  polled_too_often: {
    status: 400,
    code: 'TOOMANYREQUESTS',
    sentence: 'wait longer before you ask again',
    oauth: 'slow_down',
  },
  device_code_expired: {
    status: 400,
    code: 'UNAUTHORIZED',
    sentence: 'the code has expired; begin again',
    oauth: 'expired_token',
  },
  access_denied: {
    status: 400,
    code: 'DENIED',
    sentence: 'the sign-in was refused in the browser',
    oauth: 'access_denied',
  },
  too_many_codes: {
    status: 429,
    code: 'TOOMANYREQUESTS',
    sentence: 'too many sign-ins wait for their codes; try again in a few minutes',
    oauth: 'slow_down',
    retryAfter: 60,
  },
  too_many_wrong_codes: {
    status: 429,
    code: 'TOOMANYREQUESTS',
    sentence: 'too many wrong codes; wait ten minutes',
    oauth: 'slow_down',
    retryAfter: 600,
  },
  helper_refused: {
    status: 403,
    code: 'DENIED',
    sentence: 'this account cannot have a login of a program',
    oauth: 'access_denied',
  },
} as const satisfies Readonly<Record<string, Answer>>;
