/** The key `bound` for a token, ready to be copied into broker.yaml. */
import { presentClaim } from '../oidc/claim-path.ts';
import type { Claims } from '../oidc/claim-path.ts';
import { parseBound } from './bound.ts';
import type { Preset } from './presets/preset.ts';
import { scalarTexts } from './template.ts';

const MAX_VALUE = 200;

/** @returns lines of YAML; empty when the token has none of the claims to bind */
export function boundText({ bind, guards }: Preset, claims: Claims): readonly string[] {
  const own = bind.flatMap((claim) => {
    const value = exactValue(claim, claims);
    return value === undefined ? [] : [entry(claim, [value])];
  });
  return own.length === 0 ? [] : ['bound:', ...own, ...guards.map(({ claim, values }) => entry(claim, values))];
}

/** A flow sequence of JSON strings is YAML (YAML 1.2.2, section 1.3). */
function entry(claim: string, values: readonly string[]): string {
  return `  ${JSON.stringify(claim)}: ${JSON.stringify(values)}`;
}

/** The value of a claim, when `bound` can express it without a wildcard. */
function exactValue(claim: string, claims: Claims): string | undefined {
  const path = parseBound(claim, '*');
  const value = typeof path === 'string' ? undefined : presentClaim(claims, path.path);
  const texts = value === undefined ? undefined : scalarTexts(value);
  const [text, ...others] = texts ?? [];
  if (text === undefined || others.length > 0 || text.length > MAX_VALUE || /\p{C}/u.test(text)) return undefined;
  const bound = parseBound(claim, text);
  return typeof bound !== 'string' && bound.patterns.every(({ isExact }) => isExact) ? text : undefined;
}
