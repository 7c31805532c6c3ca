/** Parses an HTTP request into a token request and its credential. */
import type { Request } from 'express';
import { BrokerError } from '../core/errors.ts';
import { hasFairleadPrefix } from '../core/fairlead-prefix.ts';
import { Secret } from '../core/identity.ts';
import type { Credential } from '../core/identity.ts';
import { looksLikeRobot, ROBOT_PREFIX } from '../core/robot-name.ts';
import { isRefreshToken } from '../core/refresh-token.ts';
import { parseScopes } from '../core/scope.ts';
import type { Scope } from '../core/scope.ts';
import { parseForm, queryOf, singleValue } from './form.ts';
import {
  AUTHORIZATION_CODE,
  codeGrant,
  DEVICE_CODE,
  JWT_BEARER,
  REFRESH_TOKEN,
  refreshTokenOf,
  TOKEN_EXCHANGE,
  tokenGrant,
} from './token-grants.ts';
import type { CodeGrant } from './token-grants.ts';

export interface TokenRequest {
  readonly service: string;
  readonly scopes: readonly Scope[];
  readonly malformed: readonly string[];
  /** Undefined: the request is anonymous, or has a refresh token. User name and password may be empty. */
  readonly credential: Credential | undefined;
  /** The refresh token of the grant `refresh_token`, or sent as the password of the user `<token>`. There is no credential then. */
  readonly refreshToken: Secret | undefined;
  /** The code of a login that a person has allowed in the browser. It has no credential. */
  readonly code: CodeGrant | undefined;
  /** Whether the client asks for a refresh token (distribution's spec/auth/token.md and oauth.md). */
  readonly isOffline: boolean;
  /** The client program, by the name that it sends; often empty. */
  readonly clientId: string;
  /** Whether the client names an account, as clients that also send credentials do. It is not verified. */
  readonly namesAccount: boolean;
  /** Whether it is a token exchange (RFC 8693), whose answer has an additional field. */
  readonly isExchange: boolean;
}

/**
 * @param body the form of a POST; undefined for GET
 * @throws BrokerError `invalid_request`, `unsupported_grant`, or `invalid_credentials` for a header that is not Basic.
 */
export function parseTokenRequest(request: Request, body: string | undefined): TokenRequest {
  const parameters = body === undefined ? queryOf(request) : parseForm(body);
  const { scopes, malformed } = parseScopes(parameters.getAll('scope'));
  const grant = body === undefined ? undefined : singleValue(parameters, 'grant_type');
  const isExchange = grant === TOKEN_EXCHANGE;
  return {
    // A token exchange calls the service `audience` (RFC 8693, section 2.1).
    service: singleValue(parameters, 'service') ?? (isExchange ? singleValue(parameters, 'audience') : undefined) ?? '',
    scopes,
    malformed,
    ...credentialsOf(basicCredential(request.headers.authorization), body === undefined ? undefined : parameters),
    isOffline:
      body === undefined
        ? singleValue(parameters, 'offline_token') === 'true'
        : singleValue(parameters, 'access_type') === 'offline',
    clientId: singleValue(parameters, 'client_id') ?? '',
    namesAccount: parameters.getAll('account').some((account) => account !== ''),
    isExchange,
  };
}

/** What an Authorization header of Basic stands for. Neither: anonymous. @throws BrokerError `invalid_credentials` */
export function basicLogin(header: string | undefined): Pick<TokenRequest, 'credential' | 'refreshToken'> {
  return credentialsOf(basicCredential(header), undefined);
}

function credentialsOf(
  basic: Credential | undefined,
  form: URLSearchParams | undefined,
): Pick<TokenRequest, 'credential' | 'refreshToken' | 'code'> {
  if (form === undefined) return sentAsPassword(basic);
  const grant = singleValue(form, 'grant_type');
  if (!isTokenGrant(grant)) return sentAsPassword(basic ?? formCredential(form));
  if (basic !== undefined) {
    throw new BrokerError('invalid_request', `two credentials: an Authorization header, and a form of ${grant}`);
  }
  const parameter = (name: string): string | undefined => singleValue(form, name);
  if (grant === REFRESH_TOKEN) return { ...NONE, refreshToken: refreshTokenOf(parameter) };
  if (grant === AUTHORIZATION_CODE || grant === DEVICE_CODE) return { ...NONE, code: codeGrant(grant, parameter) };
  return { ...NONE, credential: tokenGrant(grant, parameter) };
}

const NONE = { credential: undefined, refreshToken: undefined, code: undefined };

const TOKEN_GRANTS = [TOKEN_EXCHANGE, JWT_BEARER, REFRESH_TOKEN, AUTHORIZATION_CODE, DEVICE_CODE] as const;
type TokenGrant = (typeof TOKEN_GRANTS)[number];

/** The grants whose credential is not a password. */
function isTokenGrant(grant: string | undefined): grant is TokenGrant {
  return TOKEN_GRANTS.some((known) => known === grant);
}

/**
 * The user name by which docker marks an identity token. Clients that cannot send the grant `refresh_token` (kubelet, older
 * build tools) send such an entry of their configuration as it is, and mean a refresh.
 */
const TOKEN_USERNAME = '<token>';

function sentAsPassword(
  credential: Credential | undefined,
): Pick<TokenRequest, 'credential' | 'refreshToken' | 'code'> {
  return credential?.username === TOKEN_USERNAME && credential.password.matches(isRefreshToken)
    ? { ...NONE, refreshToken: credential.password }
    : { ...NONE, credential };
}

/** What `fairlead doctor` sends. It is no credential, and no login is counted for it. */
export const PROBE_AUTHORIZATION = 'Basic ~fairlead-doctor';

/** The first run of spaces is taken whole, so that a header of spaces takes linear time. */
const BASIC = /^basic +(?! )([a-z0-9+/_-]*={0,2}) *$/i;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * RFC 7617: base64 of UTF-8, split at the first colon. Anonymous clients send `Basic :`.
 *
 * @throws BrokerError `invalid_credentials` for a header that is not Basic.
 */
function basicCredential(header: string | undefined): Credential | undefined {
  if (header === undefined) return undefined;
  if (header === PROBE_AUTHORIZATION) {
    throw new BrokerError('doctor_probe', 'fairlead doctor asks whether the Authorization header arrives');
  }
  const text = decodeBasic(header);
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 0) {
    // To ignore the header would turn a failed login into an anonymous request.
    throw new BrokerError('invalid_credentials', 'the Authorization header is not Basic with a colon in valid UTF-8');
  }
  if (text === ':') return undefined;
  return credentialOf(text.slice(0, colon), text.slice(colon + 1));
}

/** What is left of `robot:NAME` in the password when a client has split `robot:NAME:TOKEN` at the first colon. */
const REST_OF_ROBOT = /^([^:]{1,64}):/;

/**
 * A user name with a colon is not possible in Basic (RFC 7617, section 2), and clients store `robot:NAME` so. The name is
 * put together again, so that the token that follows it never reaches a backend as a part of a password.
 */
function credentialOf(username: string, password: string): Credential {
  const [rest = '', name = ''] = REST_OF_ROBOT.exec(password) ?? [];
  const token = password.slice(rest.length);
  if (name === '' || !looksLikeRobot(`${username}:`) || !hasFairleadPrefix(token)) {
    return { username, password: new Secret(password) };
  }
  return { username: ROBOT_PREFIX + name, password: new Secret(token) };
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

/** The grant types that are logged as they are. A token that was sent as the grant type has other characters. */
const GRANT_TYPE = /^[a-z0-9_:.-]{1,64}$/;

/** The OAuth form (distribution's spec/auth/oauth.md). A form without a grant type and without a user is anonymous. */
function formCredential(parameters: URLSearchParams): Credential | undefined {
  const grant = singleValue(parameters, 'grant_type');
  const username = singleValue(parameters, 'username');
  const password = singleValue(parameters, 'password');
  if (grant === undefined && username === undefined && password === undefined) return undefined;
  if (grant !== undefined && grant !== 'password') {
    throw new BrokerError('unsupported_grant', `grant_type ${GRANT_TYPE.test(grant) ? grant : '[not a grant type]'}`);
  }
  return credentialOf(username ?? '', password ?? '');
}
