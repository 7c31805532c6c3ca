/** Redeems a refresh token of the provider (RFC 6749, section 6) for what the provider says about its owner now. */
import { refreshTokenGrant } from 'openid-client';
import type { TokenEndpointResponse } from 'openid-client';
import type { Deadline } from '../../../core/deadline.ts';
import { BrokerError } from '../../../core/errors.ts';
import type { SignedInIdentity } from '../../../core/sign-in.ts';
import { failed, outage, tokensIn } from '../../oidc/client/answers.ts';
import type { Tokens } from '../../oidc/client/answers.ts';
import { gatherClaims } from '../../oidc/client/claim-sources.ts';
import { describeFault, readFault } from '../../oidc/client/fault.ts';
import type { Fault } from '../../oidc/client/fault.ts';
import type { Graph } from '../../oidc/client/graph.ts';
import { identityFrom, isComplete } from '../../oidc/client/identity.ts';
import type { ClaimSources } from '../../oidc/client/identity.ts';
import type { Session } from '../../oidc/client/provider.ts';
import type { Settings } from '../../oidc/client/settings.ts';
import { judge } from '../../oidc/client/verdict.ts';

interface Redemption {
  readonly token: string;
  /** The identity of the last answer. */
  readonly last: SignedInIdentity;
  readonly deadline: Deadline;
}

type Redeemed =
  | { readonly kind: 'current'; readonly identity: SignedInIdentity }
  /** The provider does not accept the token, and will not. */
  | { readonly kind: 'refused'; readonly detail: string };

/**
 * @param store stores the token that replaces the redeemed one. It is called before the provider is asked for anything else.
 * @throws BrokerError `backend_unavailable` when the provider does not say whether the account is valid
 */
export type RedeemRefreshToken = (redemption: Redemption, store: (token: string) => Promise<void>) => Promise<Redeemed>;

interface RedeemDeps {
  readonly settings: Settings;
  readonly graph: Graph | undefined;
  readonly open: (deadline: Deadline) => Promise<Session>;
}

/** The token is refused (RFC 6749, section 5.2), or the person has to be there (OpenID Connect Core, section 3.1.2.6). */
const REFUSALS: ReadonlySet<string> = new Set([
  'invalid_grant',
  'interaction_required',
  'login_required',
  'consent_required',
]);
/** Dex answers with another code to a token that it does not have, or that is too old. */
const DEX_REFUSAL = /^refresh token (?:is invalid|expired)/i;

export function createRedeem(deps: RedeemDeps): RedeemRefreshToken {
  return async ({ token, last, deadline }, store) => {
    const session = await deps.open(deadline);
    let response: TokenEndpointResponse;
    try {
      response = await refreshTokenGrant(session.configuration, token);
    } catch (error) {
      return refusedBy(deps, await readFault(error, [token, ...session.secrets]));
    }
    const { refresh_token: next } = response;
    if (next !== undefined && next !== token) await store(next);
    const tokens = await tokensIn(session, response, undefined);
    if (tokens.kind === 'failed') throw outage(tokens);
    const claims = await claimsOf(deps, session, tokens, last);
    if (!isAbout(claims, last.subject)) {
      return { kind: 'refused', detail: 'the answer of the provider is about another person' };
    }
    return { kind: 'current', identity: { ...identityFrom(claims, deps.settings.identity), subject: last.subject } };
  };
}

/** @throws BrokerError unless the token itself is refused */
function refusedBy({ settings }: RedeemDeps, fault: Fault): Redeemed {
  if (isRefusal(fault)) return { kind: 'refused', detail: `the provider ${describeFault(fault)} to its refresh token` };
  const verdict = judge(fault, settings.refusals);
  throw outage(failed(fault, 'token'), verdict.kind === 'rejected' ? undefined : verdict);
}

function isRefusal(fault: Fault): boolean {
  if (fault.kind !== 'answer' || fault.error === undefined || fault.status >= 500) return false;
  return REFUSALS.has(fault.error) || (fault.error === 'invalid_request' && DEX_REFUSAL.test(fault.description ?? ''));
}

/** An answer to a refresh token need not have an ID token (OpenID Connect Core, section 12.2). */
async function claimsOf(
  { settings, graph }: RedeemDeps,
  session: Session,
  tokens: Tokens,
  last: SignedInIdentity,
): Promise<ClaimSources> {
  const { claimsFrom, identity: rules } = settings;
  if (tokens.claims !== undefined) return gatherClaims(session, tokens, { claimsFrom, rules, graph });
  const claims = await gatherClaims(session, tokens, { claimsFrom: withoutIdToken(claimsFrom), rules, graph });
  // Groups that only the ID token has would read as none, and a rule that denies would not match.
  if (isComplete(claims, rules) || last.groups.size === 0) return claims;
  throw new BrokerError(
    'backend_unavailable',
    'the provider’s answer to a refresh token has no ID token, and userinfo lacks the groups: change accounts.from',
  );
}

function withoutIdToken(claimsFrom: Settings['claimsFrom']): Settings['claimsFrom'] {
  const others = claimsFrom === 'auto' ? [] : claimsFrom.filter((source) => source !== 'id-token');
  return others.length === 0 ? ['userinfo'] : others;
}

function isAbout(claims: ClaimSources, subject: string): boolean {
  const named = claims.map(({ sub }) => sub).filter((sub) => sub !== undefined);
  return named.length > 0 && named.every((sub) => sub === subject);
}
