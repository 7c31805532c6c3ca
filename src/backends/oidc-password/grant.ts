/** The requests of a login: the password grant, and the endpoints that have further claims. */
import { fetchProtectedResource, genericGrantRequest, tokenIntrospection } from 'openid-client';
import type { TokenEndpointResponse } from 'openid-client';
import { BrokerError } from '../../core/errors.ts';
import type { Credential } from '../../core/identity.ts';
import type { Claims } from '../oidc/claim-path.ts';
import { forLog } from '../oidc/for-log.ts';
import { describeFault, faultOf, jsonObject, readFault } from './fault.ts';
import type { Fault } from './fault.ts';
import { idTokenClaims, isSubject, userinfoProblem } from './id-token.ts';
import type { IdTokenClaims } from './id-token.ts';
import type { Session } from './provider.ts';
import { UNVERIFIED_ID_TOKEN } from './token-response.ts';
import type { Verdict } from './verdict.ts';

export interface Failure {
  readonly kind: 'failed';
  readonly fault: Fault;
  /** Which endpoint failed. Only the token endpoint says anything about a password. */
  readonly endpoint: 'token' | 'userinfo' | 'introspection';
}

export interface Tokens {
  readonly kind: 'tokens';
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** The claims of the verified ID token; undefined when the provider sent none. */
  readonly claims: IdTokenClaims | undefined;
}

interface MoreClaims {
  readonly kind: 'claims';
  /** Claims about the user of the login. */
  readonly claims: IdTokenClaims;
}

/** Keycloak gives this answer to every client that is not in the audience of the token. */
const INACTIVE = 'it says that its own token is not active: let the provider name this client in the token’s audience';

const NO_ID_TOKEN =
  'it holds no ID token; let the provider give one for the password grant, or set claims.from to userinfo';

interface GrantRules {
  readonly scope: string;
  /** Whether an answer without an ID token is refused. One that is sent is always verified. */
  readonly needsIdToken: boolean;
}

/** @throws BrokerError `backend_unavailable` when the keys of the provider are not available */
export async function requestTokens(
  session: Session,
  { username, password }: Credential,
  { scope, needsIdToken }: GrantRules,
): Promise<Tokens | Failure> {
  const revealed = password.reveal();
  let response: TokenEndpointResponse;
  try {
    const form = { username, password: revealed, scope };
    response = await genericGrantRequest(session.configuration, 'password', form);
  } catch (error) {
    return failed(await readFault(error, [revealed, ...session.secrets]), 'token');
  }
  const { access_token: accessToken, refresh_token: refreshToken, [UNVERIFIED_ID_TOKEN]: idToken } = response;
  if (idToken === undefined) {
    return needsIdToken
      ? unusable(NO_ID_TOKEN, 'token')
      : { kind: 'tokens', accessToken, refreshToken, claims: undefined };
  }
  const claims = await verifyIdToken(session, idToken);
  if (typeof claims === 'string') return unusable(`the ID token proves nothing: ${claims}`, 'token');
  return { kind: 'tokens', accessToken, refreshToken, claims };
}

async function verifyIdToken({ verify, metadata, rules }: Session, idToken: unknown): Promise<IdTokenClaims | string> {
  const claims = await verify(idToken, metadata.idTokenAlgorithms);
  return typeof claims === 'string' ? claims : idTokenClaims(claims, rules);
}

/**
 * Userinfo (OpenID Connect Core, section 5.3): a JSON object, or a signed token.
 *
 * @param subject the user that it must be about; undefined: no other source has said who logs in
 */
export async function requestUserinfo(
  { configuration, metadata, secrets, verify, rules }: Session,
  { accessToken }: Tokens,
  subject: string | undefined,
): Promise<MoreClaims | Failure> {
  const sent = [accessToken, ...secrets];
  let text: string;
  try {
    const url = new URL(metadata.endpoints.userinfo_endpoint ?? '');
    const headers = new Headers({ accept: 'application/json, application/jwt' });
    const response = await fetchProtectedResource(configuration, accessToken, url, 'GET', null, headers);
    if (response.status !== 200) return failed(await faultOf(response, sent), 'userinfo');
    text = await response.text();
  } catch (error) {
    return failed(await readFault(error, sent), 'userinfo');
  }
  const plain = jsonObject(text);
  if (plain !== undefined) return aboutUser(plain, subject, 'userinfo');
  const claims = await verify(text.trim(), metadata.userinfoAlgorithms);
  const problem = typeof claims === 'string' ? claims : userinfoProblem(claims, rules);
  if (typeof claims === 'string' || problem !== undefined) {
    return unusable(`it is neither a JSON object nor a token that proves anything: ${problem}`, 'userinfo');
  }
  return aboutUser(claims, subject, 'userinfo');
}

/** The introspection of the access token (RFC 7662). Parameters as for userinfo. */
export async function requestIntrospection(
  session: Session,
  { accessToken }: Tokens,
  subject: string | undefined,
): Promise<MoreClaims | Failure> {
  try {
    const claims = await tokenIntrospection(session.configuration, accessToken, { token_type_hint: 'access_token' });
    return claims.active ? aboutUser(claims, subject, 'introspection') : unusable(INACTIVE, 'introspection');
  } catch (error) {
    return failed(await readFault(error, [accessToken, ...session.secrets]), 'introspection');
  }
}

/** An answer about another user must not be used (OpenID Connect Core, section 5.3.2). */
function aboutUser(claims: Claims, subject: string | undefined, endpoint: Failure['endpoint']): MoreClaims | Failure {
  if (!isSubject(claims)) return unusable(`its subject (sub) is ${forLog(claims['sub'])}, expected a text`, endpoint);
  if (subject === undefined || claims.sub === subject) return { kind: 'claims', claims };
  const found = `its subject (sub) is ${forLog(claims.sub)}, expected ${forLog(subject)}`;
  return unusable(`it is about another user: ${found}`, endpoint);
}

function unusable(detail: string, endpoint: Failure['endpoint']): Failure {
  return failed({ kind: 'unusable', detail }, endpoint);
}

function failed(fault: Fault, endpoint: Failure['endpoint']): Failure {
  return { kind: 'failed', fault, endpoint };
}

/** The outage for a failure that is not about the user, with the cure that the table of verdicts knows. */
export function outage(
  { endpoint, fault }: Failure,
  verdict?: Exclude<Verdict, { readonly kind: 'rejected' }>,
): BrokerError {
  const cure = verdict?.kind === 'misconfigured' ? `: ${verdict.cure}` : '';
  const retryAfter = verdict?.kind === 'unavailable' ? verdict.retryAfter : undefined;
  const message = `the provider’s ${endpoint} endpoint ${describeFault(fault)}${cure}`;
  return new BrokerError('backend_unavailable', message, retryAfter === undefined ? {} : { retryAfter });
}
