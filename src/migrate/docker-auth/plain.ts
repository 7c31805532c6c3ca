/** What of a docker_auth rule the language of policies says as well. Everything else stays a pattern in `match`. */
import { isSegment } from '../../core/policy/repository-pattern.ts';
import { parseGoGlob } from '../../config/match/go-glob.ts';
import { regexOf } from '../../config/match/match-pattern.ts';

export interface PlainWho {
  readonly users?: readonly string[];
  readonly everyone?: true;
  readonly except?: { readonly users: readonly string[] };
}

const ANYBODY: PlainWho = { everyone: true };
const LOGGED_IN: PlainWho = { users: ['*'] };
const ANONYMOUS: PlainWho = { everyone: true, except: { users: ['*'] } };

/** Expressions that any name matches, and those that any but the empty name does. */
const EVERYBODY = new Set(['/.*/', '/^.*$/', '/^.*/', '/.*$/']);
const NAMED = new Set(['/.+/', '/^.+$/', '/^.+/', '/.+$/', '/./', '/^./']);

/** Whether a pattern for accounts is any name but the empty one. */
export function isNamed(account: string): boolean {
  return NAMED.has(account);
}

/**
 * Who a pattern for accounts means.
 *
 * @param slashes whether a name may have a slash in it, at which `*` of a glob stops
 */
export function plainWho(account: string | undefined, slashes: boolean): PlainWho | undefined {
  if (account === undefined || EVERYBODY.has(account)) return ANYBODY;
  if (account === '') return ANONYMOUS;
  if (NAMED.has(account)) return LOGGED_IN;
  if (account.includes('${') || regexOf(account) !== undefined) return undefined;
  const literal = parseGoGlob(account)?.literal;
  if (literal !== undefined) return /[*{}]/.test(literal) ? undefined : { users: [literal] };
  if (slashes) return undefined;
  // To docker_auth, * is anonymous as well: the empty name.
  if (/^\*+$/.test(account)) return ANYBODY;
  const starred = starsOnly(account);
  return starred === undefined ? undefined : { users: [starred] };
}

/** A glob with no wildcards but stars. Adjacent stars become one. */
export function starsOnly(glob: string): string | undefined {
  return /[?[\]\\{}]/.test(glob) || glob.includes('${') ? undefined : glob.replaceAll(/\*+/g, '*');
}

/** Whether a text is a name that no pattern would read otherwise. */
export function plainName(text: string): string | undefined {
  if (text.includes('${') || regexOf(text) !== undefined) return undefined;
  const literal = parseGoGlob(text)?.literal;
  return literal === undefined || literal === '' || /[*{}]/.test(literal) ? undefined : literal;
}

const PLAIN_SEGMENT = /^[a-z0-9._:*-]+$/;

/**
 * The repositories that a pattern for names means.
 *
 * @param placeholders the replacement for a placeholder that is a whole segment
 */
export function plainRepository(
  name: string | undefined,
  placeholders: ReadonlyMap<string, string>,
): string | undefined {
  if (name === undefined) return '**';
  if (regexOf(name) !== undefined) return undefined;
  const segments = name.split('/').map((segment) => {
    const known = placeholders.get(segment);
    if (known !== undefined) return known;
    return PLAIN_SEGMENT.test(segment) ? segment.replaceAll(/\*+/g, '*') : undefined;
  });
  return segments.every((segment) => segment !== undefined) ? segments.join('/') : undefined;
}

/** Whether `{user}` and `${account}` mean the same for a name: it is in lower case, and one segment. */
export function standsForItself(name: string): boolean {
  // A name that is not a segment is never part of a repository name, for docker_auth either.
  return isSegment(name) || (!isSegment(name.toLowerCase()) && !name.includes('/'));
}
