/** What the provider says about a person: the tokens of a login, and the endpoints that have further claims. */
import { fetchProtectedResource, tokenIntrospection } from 'openid-client';
import type { TokenEndpointResponse } from 'openid-client';
import { BrokerError } from '../../../core/errors.ts';
import type { Claims } from '../claim-path.ts';
import { forLog } from '../for-log.ts';
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

/**
 * The tokens in an answer of the token endpoint. An ID token is verified where there is one.
 *
 * @param absent what is wrong when there is none; undefined: nothing
 * @throws BrokerError `backend_unavailable` when the keys of the provider are not available
 */
export async function tokensIn(
  session: Session,
  response: TokenEndpointResponse,
  absent: string | undefined,
): Promise<Tokens | Failure> {
  const { access_token: accessToken, refresh_token: refreshToken, [UNVERIFIED_ID_TOKEN]: idToken } = response;
  if (idToken === undefined) {
    return absent === undefined
      ? { kind: 'tokens', accessToken, refreshToken, claims: undefined }
      : unusable(absent, 'token');
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

export function failed(fault: Fault, endpoint: Failure['endpoint']): Failure {
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
