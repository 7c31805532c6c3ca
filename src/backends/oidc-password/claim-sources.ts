/** Reads the claims of an identity from the ID token, userinfo, introspection and Microsoft Graph. */
import { BrokerError } from '../../core/errors.ts';
import type { Claims } from '../oidc/claim-path.ts';
import { outage, requestIntrospection, requestUserinfo } from './grant.ts';
import type { Tokens } from './grant.ts';
import type { CLAIM_SOURCES } from './config.ts';
import type { Graph } from './graph.ts';
import { areGroupsElsewhere, isComplete } from './identity.ts';
import type { ClaimSources, ClaimRules } from './identity.ts';
import type { Session } from './provider.ts';

type ClaimSource = (typeof CLAIM_SOURCES)[number];

/** `auto`: the ID token, and userinfo for what it lacks, where the provider has such an endpoint. */
export type ClaimsFrom = 'auto' | readonly ClaimSource[];

interface ClaimGathering {
  readonly claimsFrom: ClaimsFrom;
  readonly rules: ClaimRules;
  /** Reads groups that a token leaves out; undefined: they are not read. */
  readonly graph: Graph | undefined;
}

/**
 * Asks one source after the other until all claims of an identity are known.
 *
 * @throws BrokerError `backend_unavailable` when one fails: unknown groups are not the same as none
 */
export async function gatherClaims(
  session: Session,
  tokens: Tokens,
  { claimsFrom, rules, graph }: ClaimGathering,
): Promise<ClaimSources> {
  const gathered: Claims[] = [];
  for (const source of claimsFrom === 'auto' ? automatic(session) : claimsFrom) {
    if (isComplete(gathered, rules)) break;
    gathered.push(await claimsOf(source, session, tokens));
  }
  if (graph !== undefined && areGroupsElsewhere(gathered, rules)) {
    gathered.push(await graph.groupsOf(session, tokens.claims));
  }
  return gathered;
}

function automatic({ metadata }: Session): readonly ClaimSource[] {
  return metadata.userinfo_endpoint === undefined ? ['id-token'] : ['id-token', 'userinfo'];
}

async function claimsOf(source: ClaimSource, session: Session, tokens: Tokens): Promise<Claims> {
  if (source === 'id-token') return tokens.claims;
  if (session.metadata[`${source}_endpoint`] === undefined) {
    throw new BrokerError('backend_unavailable', `the provider has no ${source} endpoint: change claims.from`);
  }
  const request = source === 'userinfo' ? requestUserinfo : requestIntrospection;
  const answer = await request(session, tokens);
  if (answer.kind === 'failed') throw outage(answer);
  return answer.claims;
}
