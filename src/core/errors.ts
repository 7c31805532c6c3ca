/** The errors of requests, and their text for the log. */
import type { BudgetKind } from './ledger.ts';
import type { RejectReason } from './outcome.ts';

/**
 * Every way in which a request can fail. The table in `http/error-answers.ts` gives each code its status and its sentence. The
 * message and the cause are for the log and never reach a client.
 */
export type ErrorCode =
  | 'invalid_request'
  /** A POST whose body is not a form. */
  | 'form_required'
  /** A form or query has more fields than any client sends. */
  | 'too_many_fields'
  | 'too_many_scopes'
  | 'unknown_service'
  | 'unsupported_grant'
  | 'login_required'
  | 'invalid_credentials'
  /** No backend accepts a password for this user name: people sign in with a browser. */
  | 'password_not_accepted'
  /** `fairlead doctor` asks whether the Authorization header arrives. */
  | 'doctor_probe'
  /** A user name came without a password. */
  | 'empty_password'
  /** The account cannot log in by password alone. */
  | 'second_factor_required'
  /** A token of Fairlead was sent as the user name or password, whole or not, valid or not. */
  | 'misplaced_token'
  /** A token sent as the password is not accepted. */
  | 'token_refused'
  /** A refresh token is unknown, expired, revoked or for another service, or its account may not log in. */
  | 'refresh_token_refused'
  /** An issued credential is asleep until its owner signs in with a browser again. */
  | 'sign_in_due'
  /** A text that begins as a personal token does is not a whole one. */
  | 'damaged_token'
  /** A personal token is unknown, expired or revoked, may not be used from this address, or its owner may not log in. */
  | 'personal_token_refused'
  | 'too_many_attempts'
  /** A network has sent too many personal tokens that are refused. */
  | 'too_many_bad_tokens'
  | 'backend_unavailable'
  /** The store of refresh tokens and personal tokens cannot be asked, or cannot store. */
  | 'records_unavailable'
  /** The audit line of a token cannot be written, and no token may be issued without one. */
  | 'audit_unavailable'
  /** Registries would refuse the token, because the certificate of the signing key has expired. */
  | 'signing_unavailable'
  /** The decisions of a request take longer than one request may take. */
  | 'too_much_work'
  /** The provider, or the person, refused a sign-in with a browser. */
  | 'sign_in_refused'
  /** A sign-in with a browser comes back that this browser did not begin, or whose answer proves nothing. */
  | 'sign_in_invalid'
  /** A program asks for a login and is not one that may. */
  | 'unknown_client'
  /** A code of a program cannot be redeemed: unknown, used, expired, of somebody else, or its account may not log in. */
  | 'code_refused'
  /** A program asks for the answer to its request, and there is none yet. */
  | 'authorization_pending'
  /** A program asks for the answer more often than it may. */
  | 'polled_too_often'
  | 'device_code_expired'
  /** The person has refused the login of a program. */
  | 'access_denied'
  /** Too many requests of programs are open. */
  | 'too_many_codes'
  /** Too many wrong codes of programs were typed. */
  | 'too_many_wrong_codes'
  /** The account of the person can have no login of a program. */
  | 'helper_refused'
  /** A request that changes something does not come from a page of this server. */
  | 'foreign_origin'
  | 'not_found'
  | 'method_not_allowed'
  | 'request_too_large'
  | 'shutting_down'
  | 'internal';

/** What a refusal is about, for the fields of the log. */
export interface RefusalFields {
  /** The backend that decided. */
  readonly backend?: string;
  readonly reason?: RejectReason;
  /** For `too-many-attempts`: the limit that is reached. */
  readonly limit?: BudgetKind;
  /** The user name of the account, at `backend`, for which a refused refresh token was issued, where its record says so. */
  readonly owner?: string;
}

interface BrokerErrorOptions {
  readonly cause?: unknown;
  readonly retryAfter?: number;
  readonly about?: RefusalFields;
}

export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly code: ErrorCode;
  /** Seconds after which a new request may succeed; sent as `Retry-After`. */
  readonly retryAfter: number | undefined;

  readonly about: RefusalFields;

  constructor(code: ErrorCode, message: string, options?: BrokerErrorOptions) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfter = options?.retryAfter;
    this.about = options?.about ?? {};
  }
}

/** The same error with more about it. */
export function aboutMore(error: BrokerError, more: RefusalFields): BrokerError {
  const { code, message, cause, retryAfter, about } = error;
  const after = retryAfter === undefined ? {} : { retryAfter };
  return new BrokerError(code, message, { cause, ...after, about: { ...about, ...more } });
}

const MAX_CAUSES = 5;

/**
 * An error and its causes in one line, for the log and for the terminal: `message: cause: cause of the cause`. A cause
 * that the sentence contains already is left out. Whoever throws must not put a secret into the message.
 */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && current !== undefined && current !== null; depth++) {
    const text = messageOf(current);
    if (text !== '' && !parts.some((part) => part.includes(text))) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return (parts.join(': ') || 'unknown error').replaceAll(/\s+/g, ' ');
}

/** The message; with the class for defects, whose messages are no sentences. Empty where only the cause says anything. */
function messageOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (!(error instanceof Error)) return 'unknown error';
  // What Node's fetch throws for every failure.
  if (error.message === 'fetch failed' && error.cause !== undefined) return '';
  // One error for each address of a host: they differ in the address only.
  if (error instanceof AggregateError && error.message === '') return messageOf(error.errors[0] ?? error.name);
  if (error.message === '') return error.name;
  return DEFECTS.has(error.name) ? `${error.name}: ${error.message}` : error.message;
}

const DEFECTS: ReadonlySet<string> = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError']);
