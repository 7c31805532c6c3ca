/**
 * The place of a value in a set of claims. A text that starts with `/` is a JSON pointer (RFC 6901):
 * `/realm_access/roles`. Any other text is the name of a claim: `groups`, `https://example.com/groups`.
 */

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

export function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unescape(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}
