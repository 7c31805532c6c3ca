/** Claims that a token must have, each with values or patterns with `*`, one of which must match. */
import { parseNamePattern } from '../../core/policy/name-pattern.ts';
import type { NamePattern } from '../../core/policy/name-pattern.ts';
import { parseClaimPath, presentClaim } from '../oidc/claim-path.ts';
import type { ClaimPath, Claims } from '../oidc/claim-path.ts';
import { isUnverifiedEmail } from '../oidc/verified-email.ts';
import { forLog } from '../oidc/for-log.ts';
import { scalarTexts } from './template.ts';

export interface BoundClaim {
  readonly path: ClaimPath;
  readonly patterns: readonly NamePattern[];
}

type Scalar = string | number | boolean;

/** @returns the claim, or a sentence that says what is wrong with its name or values. */
export function parseBound(claim: string, values: Scalar | readonly Scalar[]): BoundClaim | string {
  const path = parseClaimPath(claim);
  if (typeof path === 'string') return path;
  const patterns: NamePattern[] = [];
  for (const value of [values].flat()) {
    const pattern = parseNamePattern(String(value));
    if (typeof pattern === 'string') return `the pattern ${JSON.stringify(value)} ${pattern}`;
    if (pattern.captures.length > 0)
      return `the pattern ${JSON.stringify(value)} has a capture, which is not used here`;
    patterns.push(pattern);
  }
  return { path, patterns };
}

/** @returns what is wrong, or undefined when the claim matches. A list matches when one of its values does. */
export function boundProblem({ path, patterns }: BoundClaim, claims: Claims): string | undefined {
  const value = presentClaim(claims, path);
  const expected = patterns.map(({ text }) => text).join(' or ');
  if (value === undefined) return `the claim ${path.text} is missing, expected ${expected}`;
  if (isUnverifiedEmail(path, claims)) return `the claim ${path.text} is not verified (email_verified)`;
  const texts = scalarTexts(value) ?? [];
  if (texts.some((text) => patterns.some((pattern) => pattern.match(text) !== undefined))) return undefined;
  return `the claim ${path.text} is ${forLog(value)}, expected ${expected}`;
}
