/**
 * What went wrong with a request to the provider, without secrets. The errors of openid-client hold tokens, claims and
 * whole responses in their causes; nothing else reads them.
 */
import { ClientError, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import { isObject } from '../../../core/is-object.ts';
import type { Claims } from '../claim-path.ts';
import { networkDetail } from '../../http-client/network-detail.ts';
import { retryAfter } from '../../http-client/retry-after.ts';

export type Fault =
  /** The provider answered, and not with tokens. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** The OAuth error code (RFC 6749, section 5.2); undefined when the answer holds none. */
      readonly error: string | undefined;
      readonly description: string | undefined;
      /** The numbers Entra ID adds. */
      readonly codes: readonly number[];
      /** Seconds, from the header `Retry-After`. */
      readonly retryAfter: number | undefined;
    }
  /** There was no answer, or none in time. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** The answer is not what it should be: not JSON, or an ID token that proves nothing. */
  | { readonly kind: 'unusable'; readonly detail: string };

const MAX_TEXT = 200;
/** How much of a text from the provider is read at all. */
const MAX_READ = 4096;
/** A client assertion, or a token; also one that was cut. It is not anchored, and takes linear time. */
const JWT = /\beyJ[\w.-]*/g;

/** @param secrets what was sent: a provider may echo it, and it must not be logged */
export async function readFault(error: unknown, secrets: readonly string[] = []): Promise<Fault> {
  if (error instanceof ResponseBodyError) return answer(error.response, error.cause, secrets);
  if (error instanceof WWWAuthenticateChallengeError) {
    return answer(error.response, await bodyOf(error.response), secrets);
  }
  if (error instanceof ClientError && error.cause instanceof Response && error.cause.status !== 200) {
    return answer(error.cause, await bodyOf(error.cause), secrets);
  }
  if (isTimeout(error)) return { kind: 'unreachable', detail: 'it did not answer in time' };
  // openid-client's own messages are fixed sentences; those of deeper causes may quote the answer.
  if (error instanceof ClientError) return { kind: 'unusable', detail: sentences(error) };
  return { kind: 'unreachable', detail: networkDetail(error) };
}

/** The fault of a response that openid-client has not checked. */
export async function faultOf(response: Response, secrets: readonly string[] = []): Promise<Fault> {
  if (response.status === 200) return { kind: 'unusable', detail: 'it is no JSON object' };
  return answer(response, await bodyOf(response), secrets);
}

export function describeFault(fault: Fault): string {
  if (fault.kind === 'unreachable') return `could not be asked: ${fault.detail}`;
  if (fault.kind === 'unusable') return `gave an answer that cannot be used: ${fault.detail}`;
  const { status, error, description } = fault;
  const said = [error, description === undefined ? undefined : `(${description})`].filter((text) => text !== undefined);
  return `answered ${[status, ...said].join(' ')}`;
}

function answer({ status, headers }: Response, body: Claims, secrets: readonly string[]): Fault {
  const description = forLog(body['error_description'], secrets);
  return {
    kind: 'answer',
    status,
    error: forLog(body['error'], secrets),
    description,
    codes: entraCodes(body['error_codes'], description),
    retryAfter: retryAfter(headers),
  };
}

/** The JSON object in the body, of any content type; empty when there is none or it was read before. */
async function bodyOf(response: Response): Promise<Claims> {
  return (response.bodyUsed ? undefined : jsonObject(await response.text())) ?? {};
}

/** @returns the JSON object that a text is, or undefined */
export function jsonObject(text: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function entraCodes(codes: unknown, description: string | undefined): readonly number[] {
  if (Array.isArray(codes)) return codes.filter((code) => typeof code === 'number').slice(0, 8);
  return [...(description ?? '').matchAll(/\bAADSTS(\d{4,8})\b/g)].map(([, code]) => Number(code));
}

function forLog(value: unknown, secrets: readonly string[]): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const concealed = secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), value.slice(0, MAX_READ));
  // A secret that the cut divides is not found, and its first part is in these last characters.
  const longest = Math.max(0, ...secrets.map(({ length }) => length));
  const whole = value.length > MAX_READ ? concealed.slice(0, -longest || undefined) : concealed;
  return whole
    .replaceAll(JWT, '[token]')
    .slice(0, MAX_TEXT)
    .replaceAll(/\p{C}+/gu, ' ');
}

function isTimeout(error: unknown): boolean {
  return (
    (error instanceof ClientError && (error.code === 'OAUTH_TIMEOUT' || error.code === 'OAUTH_ABORT')) ||
    (error instanceof DOMException && (error.name === 'TimeoutError' || error.name === 'AbortError'))
  );
}

function sentences({ message, cause }: ClientError): string {
  return cause instanceof Error && cause.message !== message ? `${message}: ${cause.message}` : message;
}
