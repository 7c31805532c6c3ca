/** Where the claims that make an identity are read: the ID token, userinfo, or both. */
import { isComplete } from './identity.ts';
import type { ClaimSources, IdentityRules } from './identity.ts';
import { outage, requestUserinfo } from './grant.ts';
import type { Tokens } from './grant.ts';
import type { Session } from './provider.ts';

/** `auto`: userinfo is asked for what the ID token lacks, where the provider has such an endpoint. */
export type ClaimsFrom = 'auto' | 'id-token' | 'userinfo';

/** @throws BrokerError `backend_unavailable` when userinfo fails: unknown groups are not the same as none */
export async function gatherClaims(
  session: Session,
  tokens: Tokens,
  { claimsFrom, rules }: { readonly claimsFrom: ClaimsFrom; readonly rules: IdentityRules },
): Promise<ClaimSources> {
  const { claims } = tokens;
  if (claimsFrom === 'id-token') return [claims];
  const isEnough = isComplete(claims, rules) || session.metadata.userinfo_endpoint === undefined;
  if (claimsFrom === 'auto' && isEnough) return [claims];
  const userinfo = await requestUserinfo(session, tokens);
  if (userinfo.kind === 'failed') throw outage(userinfo);
  return claimsFrom === 'userinfo' ? [userinfo.claims] : [claims, userinfo.claims];
}
