/** The functions that write answers. */
import type { Response } from 'express';
import { BrokerError } from '../core/errors.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Answer, AnswerSettings } from './answer.ts';
import { ANSWERS } from './error-answers.ts';

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
