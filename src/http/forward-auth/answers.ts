/** The answers of forward-auth. The proxy passes them on, so a refusal is one of a registry: docker prints its sentence. */
import type { Response } from 'express';
import type { AccessRefusal } from '../../core/access-refusal.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { formatScope } from '../../core/scope.ts';
import type { Scope } from '../../core/scope.ts';
import { sentenceOf } from '../error-answers.ts';
import { bodyOf, respondJson } from '../respond.ts';

interface Refusal {
  readonly status: number;
  /** The code of the registry API (distribution's api/errcode). */
  readonly code: string;
  readonly sentence: string;
  /** The OAuth error code; for a challenge it is the one of RFC 6750, section 3.1. */
  readonly oauth: string;
  /** Whether the answer says where to get a token. */
  readonly challenge?: true;
}

const REFUSALS: Readonly<Record<AccessRefusal, Refusal>> = {
  untrusted_proxy: {
    status: 403,
    code: 'DENIED',
    sentence: 'only the proxy of the registry may ask here; the log of the token server says more',
    oauth: 'access_denied',
  },
  unclear_request: {
    status: 400,
    code: 'UNSUPPORTED',
    sentence: 'the proxy of the registry does not say clearly what is requested; the log of the token server says more',
    oauth: 'invalid_request',
  },
  unknown_route: {
    status: 403,
    code: 'UNSUPPORTED',
    sentence: 'the registry API has no such request',
    oauth: 'invalid_request',
  },
  token_required: {
    status: 401,
    code: 'UNAUTHORIZED',
    sentence: 'authentication required',
    oauth: 'invalid_request',
    challenge: true,
  },
  token_invalid: {
    status: 401,
    code: 'UNAUTHORIZED',
    sentence: 'the registry token is not valid, or not any more; ask for a new one',
    oauth: 'invalid_token',
    challenge: true,
  },
  insufficient_scope: {
    status: 401,
    code: 'DENIED',
    sentence: 'requested access to the resource is denied',
    oauth: 'insufficient_scope',
    challenge: true,
  },
  access_denied: {
    status: 403,
    code: 'DENIED',
    sentence: 'requested access to the resource is denied',
    oauth: 'access_denied',
  },
};

/** What a client read, without the id of its request. */
export function refusalSentence(code: AccessRefusal | ErrorCode): string {
  return isAccessRefusal(code) ? REFUSALS[code].sentence : sentenceOf(code);
}

function isAccessRefusal(code: AccessRefusal | ErrorCode): code is AccessRefusal {
  return Object.hasOwn(REFUSALS, code);
}

/** Where clients get a token. */
interface TokenSource {
  /** The URL of the token endpoint. */
  readonly realm: string;
  readonly service: string;
}

/** @param needs what the request needs */
export function respondRefusal(
  response: Response,
  refusal: AccessRefusal,
  {
    source,
    needs,
    requestId,
  }: { readonly source: TokenSource; readonly needs: readonly Scope[]; readonly requestId: string },
): void {
  const answer = REFUSALS[refusal];
  if (answer.challenge === true) {
    const error = refusal === 'token_required' ? '' : `,error="${answer.oauth}"`;
    response.setHeader('WWW-Authenticate', bearerChallenge(source, needs) + error);
  }
  respondJson(response, answer.status, bodyOf(answer, requestId));
}

/** The challenge of a registry (distribution's spec/auth/token.md): a client asks the realm for these scopes. */
function bearerChallenge({ realm, service }: TokenSource, needs: readonly Scope[]): string {
  const scope = needs.length === 0 ? '' : `,scope="${needs.map(formatScope).join(' ')}"`;
  return `Bearer realm="${realm}",service="${quoted(service)}"${scope}`;
}

/** A quoted string of RFC 9110, section 5.6.4, in ASCII. */
function quoted(text: string): string {
  return text.replaceAll(/["\\]/g, String.raw`\$&`);
}

/** Who the request is from, for the log of the proxy or of the registry. */
const USER_HEADER = 'X-Fairlead-User';
/** No user has it in the header, where `<` is encoded. */
const ANONYMOUS_USER = '<anonymous>';

/** @param username empty for anonymous */
export function respondAllowed(response: Response, username: string): void {
  response.statusCode = 200;
  // Always, so that a proxy that copies it never leaves one of the client in place.
  response.setHeader(USER_HEADER, username === '' ? ANONYMOUS_USER : headerText(username));
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Length', 0);
  response.end();
}

/** Visible ASCII characters; all others, and `%`, are percent-encoded. */
function headerText(text: string): string {
  return encodeURI(text.toWellFormed());
}
