/**
 * Grants whose credential is a token. Token exchange (RFC 8693) and the JWT bearer grant (RFC 7523) are equivalent to a
 * token sent as the password. A refresh token (RFC 6749, section 6) was issued by this server.
 */
import { BrokerError } from '../core/errors.ts';
import { Secret } from '../core/identity.ts';
import type { Credential } from '../core/identity.ts';
import { isToken } from '../core/token-shape.ts';

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
export const REFRESH_TOKEN = 'refresh_token';
export const AUTHORIZATION_CODE = 'authorization_code';
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

const TYPE = 'urn:ietf:params:oauth:token-type:';
export const ACCESS_TOKEN = `${TYPE}access_token`;
const SUBJECT_TYPES = new Set([`${TYPE}id_token`, `${TYPE}jwt`]);
const REQUESTED_TYPES = new Set([ACCESS_TOKEN, `${TYPE}jwt`]);

type Parameter = (name: string) => string | undefined;

/** @throws BrokerError `invalid_request` for a malformed grant, `token_refused` when the text is not a token */
export function tokenGrant(grant: typeof TOKEN_EXCHANGE | typeof JWT_BEARER, parameter: Parameter): Credential {
  const token = grant === TOKEN_EXCHANGE ? subjectToken(parameter) : parameter('assertion');
  if (token === undefined || token === '') {
    const name = grant === TOKEN_EXCHANGE ? 'subject_token' : 'assertion';
    throw new BrokerError('invalid_request', `the parameter ${name} is missing`);
  }
  // INVARIANT: the credential of these grants never reaches a backend for passwords.
  if (!isToken(token)) throw new BrokerError('token_refused', 'malformed-token: it is not a JWT');
  return { username: '', password: new Secret(token) };
}

/** A code that a person has allowed in the browser (RFC 6749, section 4.1.3; RFC 8628, section 3.4). */
export type CodeGrant =
  | {
      readonly kind: 'authorization-code';
      readonly code: Secret;
      readonly verifier: Secret;
      readonly redirectUri: string;
    }
  | { readonly kind: 'device-code'; readonly deviceCode: Secret };

/** What is missing is empty: the flow refuses it, where codes are redeemed at all. */
export function codeGrant(grant: typeof AUTHORIZATION_CODE | typeof DEVICE_CODE, parameter: Parameter): CodeGrant {
  const secret = (name: string): Secret => new Secret(parameter(name) ?? '');
  return grant === DEVICE_CODE
    ? { kind: 'device-code', deviceCode: secret('device_code') }
    : {
        kind: 'authorization-code',
        code: secret('code'),
        verifier: secret('code_verifier'),
        redirectUri: parameter('redirect_uri') ?? '',
      };
}

/** @throws BrokerError `invalid_request` when it is missing */
export function refreshTokenOf(parameter: Parameter): Secret {
  const token = parameter('refresh_token');
  if (token === undefined || token === '') {
    throw new BrokerError('invalid_request', 'the parameter refresh_token is missing');
  }
  return new Secret(token);
}

function subjectToken(parameter: Parameter): string | undefined {
  const type = parameter('subject_token_type');
  if (type === undefined || !SUBJECT_TYPES.has(type)) {
    throw new BrokerError('invalid_request', `expected a subject_token_type of ${[...SUBJECT_TYPES].join(' or ')}`);
  }
  const requested = parameter('requested_token_type');
  if (requested !== undefined && !REQUESTED_TYPES.has(requested)) {
    throw new BrokerError('invalid_request', `expected a requested_token_type of ${[...REQUESTED_TYPES].join(' or ')}`);
  }
  if (parameter('actor_token') !== undefined) {
    throw new BrokerError('invalid_request', 'actor_token is not supported');
  }
  return parameter('subject_token');
}
