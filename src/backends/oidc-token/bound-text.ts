/** The key `bound` for a token, ready to be copied into broker.yaml. */
import { presentClaim } from '../oidc/claim-path.ts';
import type { Claims } from '../oidc/claim-path.ts';
import { parseBound } from './bound.ts';
import type { ClaimKnowledge } from './claim-knowledge.ts';
import { scalarTexts } from './template.ts';

const MAX_VALUE = 200;

/** @returns lines of YAML; empty when the token has none of the claims to bind */
export function boundText({ bind }: ClaimKnowledge, claims: Claims): readonly string[] {
  const entries = Object.entries(bind).flatMap(([claim, values]) => {
    const texts = values === 'from the token' ? exactValue(claim, claims) : values;
    // A flow sequence of JSON strings is YAML (YAML 1.2.2, section 1.3).
    return texts === undefined ? [] : [`  ${JSON.stringify(claim)}: ${JSON.stringify(texts)}`];
  });
  const hasOwner = Object.entries(bind).some(
    ([claim, values]) => values === 'from the token' && exactValue(claim, claims) !== undefined,
  );
  return hasOwner ? ['bound:', ...entries] : [];
}

/** The value of a claim, when `bound` can express it without a wildcard. */
function exactValue(claim: string, claims: Claims): readonly string[] | undefined {
  const path = parseBound(claim, '*');
  const value = typeof path === 'string' ? undefined : presentClaim(claims, path.path);
  const texts = value === undefined ? undefined : scalarTexts(value);
  const [text, ...others] = texts ?? [];
  if (text === undefined || others.length > 0 || text.length > MAX_VALUE || /\p{C}/u.test(text)) return undefined;
  const bound = parseBound(claim, text);
  return typeof bound !== 'string' && bound.patterns.every(({ literal }) => literal !== undefined) ? [text] : undefined;
}
