/**
 * Every way a request can fail. The code is for the table in `http/respond.ts`, which alone decides status and
 * sentence; the message and the cause are for the log and never reach a client.
 */
export type ErrorCode =
  | 'invalid_request'
  | 'unknown_service'
  | 'unsupported_grant'
  | 'login_required'
  | 'invalid_credentials'
  /** The account cannot log in by password alone. */
  | 'second_factor_required'
  /** `invalid_credentials`, where they were a token. */
  | 'token_refused'
  /** A refresh token that is unknown, over, revoked or for another service, or whose account may not log in. */
  | 'refresh_token_refused'
  | 'too_many_attempts'
  | 'backend_unavailable'
  /** The audit line of a token cannot be written, and no token may be issued without one. */
  | 'audit_unavailable'
  | 'not_found'
  | 'method_not_allowed'
  | 'request_too_large'
  | 'shutting_down'
  | 'internal';

export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly code: ErrorCode;
  /** Seconds after which trying again may help; becomes `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown; readonly retryAfter?: number }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfter = options?.retryAfter;
  }
}

/** What went wrong, in one line with its causes, for a log field. Never holds a secret: throwers see to that. */
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
