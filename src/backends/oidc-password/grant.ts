/** The requests of a login: the password grant, and the endpoints that have further claims. */
import { fetchUserInfo, genericGrantRequest, tokenIntrospection } from 'openid-client';
import { BrokerError } from '../../core/errors.ts';
import type { Credential } from '../../core/identity.ts';
import type { Claims } from '../oidc/claim-path.ts';
import { describeFault, readFault } from './fault.ts';
import type { Fault } from './fault.ts';
import type { Session } from './provider.ts';
import type { Verdict } from './verdict.ts';

export interface Failure {
  readonly kind: 'failed';
  readonly fault: Fault;
  /** Which endpoint failed. Only the token endpoint says anything about a password. */
  readonly endpoint: 'token' | 'keys' | 'userinfo' | 'introspection';
}

export interface Tokens {
  readonly kind: 'tokens';
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** The claims of the ID token, whose signature, issuer, audience and times have been verified. */
  readonly claims: Claims & { readonly sub: string };
}

interface MoreClaims {
  readonly kind: 'claims';
  readonly claims: Claims;
}

/** Keycloak gives this answer to every client that is not in the audience of the token. */
const INACTIVE = 'it says that its own token is not active: let the provider name this client in the token’s audience';

export async function requestTokens(
  session: Session,
  { username, password }: Credential,
  scope: string,
): Promise<Tokens | Failure> {
  const revealed = password.reveal();
  try {
    const form = { username, password: revealed, scope };
    const response = await genericGrantRequest(session.configuration, 'password', form);
    session.keepKeys();
    const claims = response.claims();
    if (claims === undefined) return failed({ kind: 'unusable', detail: 'it holds no ID token' }, 'token');
    return { kind: 'tokens', accessToken: response.access_token, refreshToken: response.refresh_token, claims };
  } catch (error) {
    const fault = await readFault(error, [revealed, ...session.secrets]);
    return failed(fault, session.lastRequest() === session.metadata.jwks_uri ? 'keys' : 'token');
  }
}

/** The claims of the same user (their `sub` is compared) from the userinfo endpoint. */
export async function requestUserinfo(session: Session, tokens: Tokens): Promise<MoreClaims | Failure> {
  try {
    const claims = await fetchUserInfo(session.configuration, tokens.accessToken, tokens.claims.sub);
    return { kind: 'claims', claims };
  } catch (error) {
    return failed(await readFault(error, session.secrets), 'userinfo');
  }
}

/** The introspection of the access token (RFC 7662), which must be that of the same user. */
export async function requestIntrospection(session: Session, tokens: Tokens): Promise<MoreClaims | Failure> {
  try {
    const hint = { token_type_hint: 'access_token' };
    const claims = await tokenIntrospection(session.configuration, tokens.accessToken, hint);
    if (claims.active && claims.sub === tokens.claims.sub) return { kind: 'claims', claims };
    const detail = claims.active ? 'it is about another user' : INACTIVE;
    return failed({ kind: 'unusable', detail }, 'introspection');
  } catch (error) {
    return failed(await readFault(error, session.secrets), 'introspection');
  }
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
