/** From HTTP to the words of core: what is asked, and the credential it comes with. Parsed once, here. */
import type { Request } from 'express';
import { BrokerError } from '../core/errors.ts';
import { Secret } from '../core/identity.ts';
import type { Credential } from '../core/identity.ts';
import { parseScopes } from '../core/scope.ts';
import type { Scope } from '../core/scope.ts';
import { JWT_BEARER, REFRESH_TOKEN, refreshTokenOf, TOKEN_EXCHANGE, tokenGrant } from './token-grants.ts';

export interface TokenRequest {
  readonly service: string;
  readonly scopes: readonly Scope[];
  readonly malformed: readonly string[];
  /** Undefined: the request is anonymous. Parts may be empty, which no backend is ever asked about. */
  readonly credential: Credential | undefined;
  /** What stands in place of a credential, in the grant of that name. */
  readonly refreshToken: Secret | undefined;
  /** Whether a refresh token is asked for (distribution's spec/auth/token.md and oauth.md). */
  readonly isOffline: boolean;
  /** The program that asks, as it names itself; often empty. */
  readonly clientId: string;
  /** Whether it is a token exchange (RFC 8693), whose answer has a field of its own. */
  readonly isExchange: boolean;
}

/**
 * @param body the form of a POST; undefined for GET
 * @throws BrokerError `invalid_request`, `unsupported_grant`, or `invalid_credentials` for a header that is no Basic.
 */
export function parseTokenRequest(request: Request, body: string | undefined): TokenRequest {
  const parameters = body === undefined ? queryOf(request) : new URLSearchParams(body);
  const { scopes, malformed } = parseScopes(parameters.getAll('scope'));
  const grant = body === undefined ? undefined : single(parameters, 'grant_type');
  const isExchange = grant === TOKEN_EXCHANGE;
  return {
    // What the registry protocol calls service, a token exchange calls audience (RFC 8693, section 2.1).
    service: single(parameters, 'service') ?? (isExchange ? single(parameters, 'audience') : undefined) ?? '',
    scopes,
    malformed,
    // The parameter `account` is a claim that nobody has verified, so nothing reads it.
    ...credentialsOf(basicCredential(request.headers.authorization), body === undefined ? undefined : parameters),
    isOffline:
      body === undefined
        ? single(parameters, 'offline_token') === 'true'
        : single(parameters, 'access_type') === 'offline',
    clientId: single(parameters, 'client_id') ?? '',
    isExchange,
  };
}

function credentialsOf(
  basic: Credential | undefined,
  form: URLSearchParams | undefined,
): Pick<TokenRequest, 'credential' | 'refreshToken'> {
  if (form === undefined) return { credential: basic, refreshToken: undefined };
  const grant = single(form, 'grant_type');
  if (grant !== TOKEN_EXCHANGE && grant !== JWT_BEARER && grant !== REFRESH_TOKEN) {
    return { credential: basic ?? formCredential(form), refreshToken: undefined };
  }
  if (basic !== undefined) {
    throw new BrokerError('invalid_request', `two credentials: an Authorization header, and a form of ${grant}`);
  }
  const parameter = (name: string): string | undefined => single(form, name);
  return grant === REFRESH_TOKEN
    ? { credential: undefined, refreshToken: refreshTokenOf(parameter) }
    : { credential: tokenGrant(grant, parameter), refreshToken: undefined };
}

function queryOf(request: Request): URLSearchParams {
  const at = request.url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : request.url.slice(at + 1));
}

function single(parameters: URLSearchParams, name: string): string | undefined {
  const [first, ...others] = new Set(parameters.getAll(name));
  if (others.length > 0) throw new BrokerError('invalid_request', `the parameter ${name} has several values`);
  return first;
}

const BASIC = /^basic +([a-z0-9+/_-]*={0,2}) *$/i;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** RFC 7617: base64 of UTF-8, split at the first colon. `Basic :` is how clients say anonymous. */
function basicCredential(header: string | undefined): Credential | undefined {
  if (header === undefined) return undefined;
  const text = decodeBasic(header);
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 0) {
    // Some credential was meant: to ignore it would turn a failed login into anonymous.
    throw new BrokerError('invalid_credentials', 'the Authorization header is not Basic with a colon in valid UTF-8');
  }
  if (text === ':') return undefined;
  return { username: text.slice(0, colon), password: new Secret(text.slice(colon + 1)) };
}

function decodeBasic(header: string): string | undefined {
  const encoded = BASIC.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return utf8.decode(Buffer.from(encoded, 'base64'));
  } catch {
    return undefined;
  }
}

/** What is told of one in the log: a token that was put in its place has other characters. */
const GRANT_TYPE = /^[a-z0-9_:.-]{1,64}$/;

/** The OAuth form (distribution's spec/auth/oauth.md). A form without a grant type and without a user is anonymous. */
function formCredential(parameters: URLSearchParams): Credential | undefined {
  const grant = single(parameters, 'grant_type');
  const username = single(parameters, 'username');
  const password = single(parameters, 'password');
  if (grant === undefined && username === undefined && password === undefined) return undefined;
  if (grant !== undefined && grant !== 'password') {
    throw new BrokerError('unsupported_grant', `grant_type ${GRANT_TYPE.test(grant) ? grant : 'that is none'}`);
  }
  return { username: username ?? '', password: new Secret(password ?? '') };
}
