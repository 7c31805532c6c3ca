/** Claims a token must have: each with the values, or patterns with `*`, of which one must fit. */
import { parseNamePattern } from '../../core/policy/name-pattern.ts';
import type { NamePattern } from '../../core/policy/name-pattern.ts';
import { parseClaimPath, readClaim } from '../oidc/claim-path.ts';
import type { ClaimPath, Claims } from '../oidc/claim-path.ts';
import { isUnverifiedEmail } from '../oidc/verified-email.ts';
import { printable } from './printable.ts';
import { scalarTexts } from './template.ts';

export interface BoundClaim {
  readonly path: ClaimPath;
  readonly patterns: readonly NamePattern[];
}

type Scalar = string | number | boolean;
/** As configured. */
export type BoundConfig = Readonly<Record<string, Scalar | readonly Scalar[]>>;

/** @returns what is bound, or a sentence that says what is wrong with the claim's name or values. */
export function parseBound(claim: string, values: Scalar | readonly Scalar[]): BoundClaim | string {
  const path = parseClaimPath(claim);
  if (typeof path === 'string') return path;
  const patterns: NamePattern[] = [];
  for (const value of [values].flat()) {
    const pattern = parseNamePattern(String(value));
    if (typeof pattern === 'string') return `the pattern ${JSON.stringify(value)} ${pattern}`;
    if (pattern.captures.length > 0)
      return `the pattern ${JSON.stringify(value)} captures, and nothing here reads that`;
    patterns.push(pattern);
  }
  return { path, patterns };
}

/** @returns what is wrong, or undefined when the token has what is wanted. A list fits when one of its values does. */
export function boundProblem({ path, patterns }: BoundClaim, claims: Claims): string | undefined {
  const value = readClaim(claims, path);
  const expected = patterns.map(({ text }) => text).join(' or ');
  if (value === undefined) return `the claim ${path.text} is missing, expected ${expected}`;
  if (isUnverifiedEmail(path, claims)) return `the claim ${path.text} is not verified (email_verified)`;
  const texts = scalarTexts(value) ?? [];
  if (texts.some((text) => patterns.some((pattern) => pattern.match(text) !== undefined))) return undefined;
  return `the claim ${path.text} is ${printable(value)}, expected ${expected}`;
}
