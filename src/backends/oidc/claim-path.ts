/**
 * The place of a value in a set of claims. A text that starts with `/` is a JSON pointer (RFC 6901):
 * `/realm_access/roles`. Any other text is the name of a claim: `groups`, `https://example.com/groups`.
 */
import { isObject } from '../../core/is-object.ts';

export interface ClaimPath {
  readonly text: string;
  readonly segments: readonly [string, ...string[]];
}

export type Claims = Readonly<Record<string, unknown>>;

/** @returns the path, or a sentence that says what is wrong with the text. */
export function parseClaimPath(text: string): ClaimPath | string {
  if (!text.startsWith('/')) return { text, segments: [text] };
  const [first, ...rest] = text.slice(1).split('/');
  if (first === undefined || [first, ...rest].includes('')) {
    return 'expected a JSON pointer with a name after each /, such as /realm_access/roles';
  }
  if (/~(?![01])/.test(text)) return 'expected ~0 for ~ and ~1 for / in a JSON pointer';
  return { text, segments: [unescape(first), ...rest.map(unescape)] };
}

/** @returns the value; undefined when it is missing or null. */
export function readClaim(claims: Claims, { segments }: ClaimPath): unknown {
  let value: unknown = claims;
  for (const segment of segments) {
    if (!isObject(value) || !Object.hasOwn(value, segment)) return undefined;
    value = value[segment];
  }
  return value ?? undefined;
}

/**
 * The value of a claim for a name or a comparison. An empty text says nothing, as `null` does: issuers that fill
 * templates write one for a claim that is missing.
 *
 * @returns undefined when the claim is missing, `null` or empty; of a list, the values that are not empty
 */
export function presentClaim(claims: Claims, path: ClaimPath): unknown {
  const value = readClaim(claims, path);
  const present = Array.isArray(value) ? value.filter((item) => item !== '') : value;
  return present === '' || (Array.isArray(present) && present.length === 0) ? undefined : present;
}

/**
 * A text, number or truth value as a text; undefined for anything else. A number that JSON gives to JavaScript in
 * rounded form is refused: two claims would have the same text.
 */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isSafeInteger(value))) return String(value);
  return typeof value === 'string' ? value : undefined;
}

function unescape(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}
