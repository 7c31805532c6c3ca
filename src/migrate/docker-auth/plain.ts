/** The parts of docker_auth rules that plain policy patterns express. All others stay patterns in `match`. */
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

/** Expressions that match any name, and expressions that match any name except the empty one. */
const EVERYBODY = new Set(['/.*/', '/^.*$/', '/^.*/', '/.*$/']);
const NAMED = new Set(['/.+/', '/^.+$/', '/^.+/', '/.+$/', '/./', '/^./']);

/** Whether a pattern for accounts matches any name except the empty one. */
export function isNamed(account: string): boolean {
  return NAMED.has(account);
}

/**
 * The callers that a pattern for accounts matches.
 *
 * @param slashes whether a name may contain a slash, which `*` of a glob does not match
 */
export function plainWho(account: string | undefined, slashes: boolean): PlainWho | undefined {
  if (account === undefined || EVERYBODY.has(account)) return ANYBODY;
  if (account === '') return ANONYMOUS;
  if (NAMED.has(account)) return LOGGED_IN;
  if (account.includes('${') || regexOf(account) !== undefined) return undefined;
  const literal = parseGoGlob(account)?.literal;
  if (literal !== undefined) return /[*{}]/.test(literal) ? undefined : { users: [literal] };
  if (slashes) return undefined;
  // In docker_auth, * matches anonymous as well, which has the empty name.
  if (/^\*+$/.test(account)) return ANYBODY;
  const starred = starsOnly(account);
  return starred === undefined ? undefined : { users: [starred] };
}

/** A glob with no wildcards but stars. Adjacent stars become one. */
export function starsOnly(glob: string): string | undefined {
  return /[?[\]\\{}]/.test(glob) || glob.includes('${') ? undefined : glob.replaceAll(/\*+/g, '*');
}

/** Whether a text is a name without characters that have a meaning in patterns. */
export function plainName(text: string): string | undefined {
  if (text.includes('${') || regexOf(text) !== undefined) return undefined;
  const literal = parseGoGlob(text)?.literal;
  return literal === undefined || literal === '' || /[*{}]/.test(literal) ? undefined : literal;
}

const PLAIN_SEGMENT = /^[a-z0-9._:*-]+$/;

/**
 * The repositories that a pattern for names matches.
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
