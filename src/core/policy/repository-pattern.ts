/**
 * Patterns for repository names. `/` separates; `*` matches within one segment; a segment `**` matches any number of
 * segments, none included; `{name}` is replaced by a value, as literal text; all else is literal.
 */

/** A path segment of distribution's reference grammar, lower case only. */
const SEGMENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
/** The first segment may be a host with a port, as in the repository names of old clients. */
const HOST_SEGMENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?::\d{1,5})?$/;
const LITERAL_PART = /^[a-z0-9._:-]*$/;
const PLACEHOLDER = /\{([^{}]*)\}/g;
const PLACEHOLDER_NAME = /^(?:[a-z][a-z0-9_]*|(?:attr|claim):[\w.:/-]+)$/;
/** Matching tries all distributions of segments over `**`, so the number of `**` is bounded. */
export const MAX_DEEP = 2;

/** The segments of a valid repository name, or undefined. */
export function repositorySegments(name: string): readonly string[] | undefined {
  const segments = name.split('/');
  return segments.every((segment, index) => (index === 0 ? HOST_SEGMENT : SEGMENT).test(segment))
    ? segments
    : undefined;
}

/** Whether a text is a valid segment, and so a possible value of a placeholder. */
export function isSegment(value: string): boolean {
  return SEGMENT.test(value);
}

/** One segment of a pattern. `key` is its text: patterns with equal keys share a node of the index. */
export type SegmentPattern =
  | { readonly kind: 'literal'; readonly key: string }
  | { readonly kind: 'deep'; readonly key: '**' }
  | { readonly kind: 'wild'; readonly key: string; readonly parts: readonly Part[] };

/** A piece of a segment: literal text, any characters, or the value of a placeholder. */
export type Part = { readonly literal: string } | { readonly star: true } | { readonly placeholder: string };

export interface RepositoryPattern {
  readonly text: string;
  readonly segments: readonly SegmentPattern[];
  /** The placeholders it needs values for. */
  readonly placeholders: readonly string[];
}

/** @returns the pattern, or a sentence that says what is wrong with the text. */
export function parseRepositoryPattern(text: string): RepositoryPattern | string {
  if (text === '') return 'is empty';
  const segments: SegmentPattern[] = [];
  for (const segment of text.split('/')) {
    const parsed = parseSegment(segment);
    if (typeof parsed === 'string') return parsed;
    segments.push(parsed);
  }
  if (segments.filter(({ kind }) => kind === 'deep').length > MAX_DEEP) return `has more than ${MAX_DEEP} segments **`;
  const names = segments.flatMap((segment) => (segment.kind === 'wild' ? segment.parts : []));
  const placeholders = new Set(names.flatMap((part) => ('placeholder' in part ? [part.placeholder] : [])));
  return { text, segments, placeholders: [...placeholders] };
}

function parseSegment(text: string): SegmentPattern | string {
  if (text === '') return 'has an empty segment: a / at an end, or two in a row';
  if (text === '**') return { kind: 'deep', key: '**' };
  if (text.includes('**')) return 'has ** next to other text in a segment; ** stands alone between slashes';
  const parts: Part[] = [];
  let at = 0;
  for (const token of text.matchAll(/\*|\{([^{}]*)\}/g)) {
    if (token.index > at) parts.push({ literal: text.slice(at, token.index) });
    const name = token[1];
    if (name !== undefined && !PLACEHOLDER_NAME.test(name)) return `has the placeholder {${name}}, which is no name`;
    parts.push(name === undefined ? { star: true } : { placeholder: placeholderKey(name) });
    at = token.index + token[0].length;
  }
  if (at < text.length) parts.push({ literal: text.slice(at) });
  for (const part of parts) {
    if (!('literal' in part) || LITERAL_PART.test(part.literal)) continue;
    return /[A-Z]/.test(part.literal)
      ? 'has upper-case letters, which no repository name has'
      : `has "${part.literal}": repository names are made of a-z, 0-9 and . _ - between slashes`;
  }
  return parts.length === 1 && parts[0] !== undefined && 'literal' in parts[0]
    ? { kind: 'literal', key: text }
    : { kind: 'wild', key: text.replaceAll(PLACEHOLDER, (_, name: string) => `{${placeholderKey(name)}}`), parts };
}

/** Directory attributes are named without case; claims are exact. */
function placeholderKey(name: string): string {
  return name.startsWith('attr:') ? name.toLowerCase() : name;
}

/** Whether a segment fits, with any text at all for its placeholders: what the index asks before values are known. */
export function segmentMayMatch(pattern: SegmentPattern, segment: string): boolean {
  return pattern.kind === 'wild' ? globMatches(pattern.parts, segment, undefined) : pattern.key === segment;
}

/**
 * Whether a repository matches with these values.
 *
 * @param values a valid segment for each placeholder of the pattern; a missing value matches nothing
 */
export function matchesRepository(
  pattern: RepositoryPattern,
  segments: readonly string[],
  values: ReadonlyMap<string, string>,
): boolean {
  const patterns = pattern.segments;
  let [patternAt, at] = [0, 0];
  // Where to go on after a mismatch: behind the last `**`, with one more segment in it. What an earlier `**` takes makes no
  // difference: the first place where the patterns between two `**` fit leaves most to the rest.
  let retry: { readonly patternAt: number; readonly at: number } | undefined;
  while (at < segments.length || patternAt < patterns.length) {
    const next = patterns[patternAt];
    if (next?.kind === 'deep') {
      patternAt += 1;
      retry = { patternAt, at };
    } else if (next !== undefined && fitsSegment(next, segments[at], values)) {
      patternAt += 1;
      at += 1;
    } else {
      if (retry === undefined || retry.at >= segments.length) return false;
      retry = { patternAt: retry.patternAt, at: retry.at + 1 };
      ({ patternAt, at } = retry);
    }
  }
  return true;
}

function fitsSegment(
  pattern: Exclude<SegmentPattern, { kind: 'deep' }>,
  segment: string | undefined,
  values: ReadonlyMap<string, string>,
): boolean {
  if (segment === undefined) return false;
  return pattern.kind === 'literal' ? pattern.key === segment : globMatches(pattern.parts, segment, values);
}

/** Glob matching in one pass; `values` undefined lets every placeholder match like `*`. */
function globMatches(parts: readonly Part[], text: string, values: ReadonlyMap<string, string> | undefined): boolean {
  const literals = literalsBetweenStars(parts, values);
  if (literals === undefined) return false;
  const [first = '', ...rest] = literals;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const literal of rest) {
    const found = text.indexOf(literal, at);
    if (found < 0) return false;
    at = found + literal.length;
  }
  return text.endsWith(last) && text.length - last.length >= at;
}

/** The texts before, between and after the stars. INVARIANT: a placeholder without its value matches nothing. */
function literalsBetweenStars(
  parts: readonly Part[],
  values: ReadonlyMap<string, string> | undefined,
): readonly string[] | undefined {
  const literals = [''];
  for (const part of parts) {
    const isStar = 'star' in part || ('placeholder' in part && values === undefined);
    if (isStar) {
      literals.push('');
      continue;
    }
    const text = 'literal' in part ? part.literal : values?.get(part.placeholder);
    if (text === undefined) return undefined;
    literals.push((literals.pop() ?? '') + text);
  }
  return literals;
}
