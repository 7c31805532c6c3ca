/** Reads the claims of an identity from the ID token, userinfo, introspection and Microsoft Graph. */
import { BrokerError } from '../../../core/errors.ts';
import { outage, requestIntrospection, requestUserinfo } from './answers.ts';
import type { Tokens } from './answers.ts';
import type { CLAIM_SOURCES } from './provider-config.ts';
import type { Graph } from './graph.ts';
import type { IdTokenClaims } from './id-token.ts';
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
  const gathered: IdTokenClaims[] = [];
  for (const source of claimsFrom === 'auto' ? automatic(session) : claimsFrom) {
    if (isComplete(gathered, rules)) break;
    const subject = tokens.claims?.sub ?? gathered[0]?.sub;
    gathered.push(await claimsOf(source, session, tokens, subject));
  }
  if (graph !== undefined && areGroupsElsewhere(gathered, rules)) {
    return [...gathered, await graph.groupsOf(session, tokens.claims ?? {})];
  }
  return gathered;
}

function automatic({ metadata }: Session): readonly ClaimSource[] {
  return metadata.endpoints.userinfo_endpoint === undefined ? ['id-token'] : ['id-token', 'userinfo'];
}

/** Whether a login fails without an ID token. */
export function needsIdToken(claimsFrom: ClaimsFrom): boolean {
  return claimsFrom === 'auto' || claimsFrom.includes('id-token');
}

/** @param subject the user that the claims must be about; undefined: no source has said it yet */
async function claimsOf(
  source: ClaimSource,
  session: Session,
  tokens: Tokens,
  subject: string | undefined,
): Promise<IdTokenClaims> {
  if (source === 'id-token') {
    if (tokens.claims !== undefined) return tokens.claims;
    throw new BrokerError('backend_unavailable', 'the provider sent no ID token: change claims.from');
  }
  if (session.metadata.endpoints[`${source}_endpoint`] === undefined) {
    throw new BrokerError('backend_unavailable', `the provider has no ${source} endpoint: change claims.from`);
  }
  const request = source === 'userinfo' ? requestUserinfo : requestIntrospection;
  const answer = await request(session, tokens, subject);
  if (answer.kind === 'failed') throw outage(answer);
  return answer.claims;
}
