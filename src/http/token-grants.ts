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
