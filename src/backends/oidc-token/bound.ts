/** Claims that a token must have, each with values or patterns with `*`, one of which must match. */
import { parseClaimPath, presentClaim } from '../oidc/claim-path.ts';
import type { ClaimPath, Claims } from '../oidc/claim-path.ts';
import { isUnverifiedEmail } from '../oidc/verified-email.ts';
import { forLog } from '../oidc/for-log.ts';
import { scalarTexts } from './template.ts';

export interface BoundClaim {
  readonly path: ClaimPath;
  readonly patterns: readonly BoundPattern[];
}

/** A value, or a pattern: `*` stands for any characters, all else is literal. Ids may have braces. */
interface BoundPattern {
  readonly text: string;
  /** Whether it has no `*`. */
  readonly isExact: boolean;
  matches(value: string): boolean;
}

type Scalar = string | number | boolean;

/** @returns the claim, or a sentence that says what is wrong with its name or values. */
export function parseBound(claim: string, values: Scalar | readonly Scalar[]): BoundClaim | string {
  const path = parseClaimPath(claim);
  if (typeof path === 'string') return path;
  const patterns: BoundPattern[] = [];
  for (const value of [values].flat()) {
    const pattern = parsePattern(String(value));
    if (typeof pattern === 'string') return `the pattern ${JSON.stringify(value)} ${pattern}`;
    patterns.push(pattern);
  }
  return { path, patterns };
}

function parsePattern(text: string): BoundPattern | string {
  if (text === '') return 'is empty';
  if (text.includes('**')) return 'has two wildcards side by side, so that what each stands for is open';
  const pieces = text.split('*');
  return { text, isExact: pieces.length === 1, matches: (value) => matchPieces(pieces, value) };
}

/** Wildcards match as little as possible, from the left: one pass. */
function matchPieces(pieces: readonly string[], value: string): boolean {
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return value === first;
  if (!value.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = value.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return value.length - last.length >= at && value.endsWith(last);
}

/** @returns what is wrong, or undefined when the claim matches. A list matches when one of its values does. */
export function boundProblem({ path, patterns }: BoundClaim, claims: Claims): string | undefined {
  const value = presentClaim(claims, path);
  const expected = patterns.map(({ text }) => text).join(' or ');
  if (value === undefined) return `the claim ${path.text} is missing, expected ${expected}`;
  if (isUnverifiedEmail(path, claims)) return `the claim ${path.text} is not verified (email_verified)`;
  const texts = scalarTexts(value) ?? [];
  if (texts.some((text) => patterns.some((pattern) => pattern.matches(text)))) return undefined;
  return `the claim ${path.text} is ${forLog(value)}, expected ${expected}`;
}
