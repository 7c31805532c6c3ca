/** Logout tokens (OpenID Connect Back-Channel Logout 1.0, section 2.6). */
import { isObject } from '../../core/is-object.ts';
import type { Secret } from '../../core/identity.ts';
import type { ProviderLogout } from '../../core/sign-in.ts';
import type { Claims } from '../oidc/claim-path.ts';
import { logoutTokenProblem } from '../oidc/client/id-token.ts';
import type { Session } from '../oidc/client/provider.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** @throws BrokerError `backend_unavailable` when the keys of the provider are not available */
export async function readLogoutToken({ verify, metadata, rules }: Session, token: Secret): Promise<ProviderLogout> {
  const claims = await verify(token.reveal(), metadata.idTokenAlgorithms);
  if (typeof claims === 'string') return { kind: 'invalid', detail: claims };
  const problem = logoutTokenProblem(claims, rules) ?? eventProblem(claims);
  if (problem !== undefined) return { kind: 'invalid', detail: problem };
  const { sid, sub } = claims;
  return {
    kind: 'logout',
    ...(typeof sid === 'string' ? { sid } : {}),
    ...(typeof sub === 'string' ? { sub } : {}),
  };
}

function eventProblem({ events, nonce, sid, sub }: Claims): string | undefined {
  if (!isObject(events) || !isObject(events[EVENT])) return 'it announces no logout (events)';
  // An ID token has one, and must not pass for a logout token.
  if (nonce !== undefined) return 'it has a nonce, as ID tokens have';
  return typeof sid === 'string' || typeof sub === 'string' ? undefined : 'it names neither a session nor a person';
}
