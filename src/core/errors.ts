/** The errors of requests, and their text for the log. */
import type { BudgetKind } from './ledger.ts';
import type { RejectReason } from './outcome.ts';

/**
 * Every way in which a request can fail. The table in `http/respond.ts` gives each code its status and its sentence. The
 * message and the cause are for the log and never reach a client.
 */
export type ErrorCode =
  | 'invalid_request'
  /** A POST whose body is not a form. */
  | 'form_required'
  | 'too_many_scopes'
  | 'unknown_service'
  | 'unsupported_grant'
  | 'login_required'
  | 'invalid_credentials'
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
  | 'too_many_attempts'
  | 'backend_unavailable'
  /** The audit line of a token cannot be written, and no token may be issued without one. */
  | 'audit_unavailable'
  /** The decisions of a request take longer than one request may take. */
  | 'too_much_work'
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

/** An error and its causes in one line, for a log field. Whoever throws must not put a secret into the message. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  while (current !== undefined && current !== null && parts.length < 5) {
    const text =
      current instanceof Error
        ? `${current.name}: ${current.message}`
        : typeof current === 'string'
          ? current
          : 'unknown error';
    if (!parts.includes(text)) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(' <- ').replaceAll(/\s+/g, ' ');
}
