/**
 * Patterns for user, group and service names: `*` matches any characters, none included; `{name}` matches one or more
 * and captures them; all else is literal.
 *
 * Wildcards match as little as possible, from the left, so that a match is unambiguous and takes one pass.
 */

export interface NamePattern {
  readonly text: string;
  /** The whole pattern when it has no wildcard: such names are found by look-up instead of by matching. */
  readonly literal: string | undefined;
  /** The names it captures. */
  readonly captures: readonly string[];
  /** The pattern of a DN with wildcards: the pieces that are matched one by one, see `dnPieces`. */
  readonly pieces?: readonly string[];
  /** @returns the captured values, or undefined when the name does not match. */
  match(name: string): ReadonlyMap<string, string> | undefined;
}

interface Wildcard {
  /** The captured name; undefined for `*`. */
  readonly capture: string | undefined;
  /** The literal text that follows. */
  readonly after: string;
}

const WILDCARD = /\*|\{([^{}]*)\}/g;
const CAPTURE_NAME = /^[a-z][a-z0-9_]*$/;
const RESERVED = new Set(['user', 'group']);
const NO_CAPTURES: ReadonlyMap<string, string> = new Map();

/** @returns the pattern, or a sentence that says what is wrong with the text. */
export function parseNamePattern(text: string): NamePattern | string {
  if (text === '') return 'is empty';
  const tokens = [...text.matchAll(WILDCARD)];
  const first = tokens[0];
  if (/[{}]/.test(text.replaceAll(WILDCARD, ''))) return 'has a brace without its partner';
  if (first === undefined)
    return { text, literal: text, captures: [], match: (name: string) => (name === text ? NO_CAPTURES : undefined) };
  const wildcards: Wildcard[] = [];
  for (const [index, token] of tokens.entries()) {
    const end = token.index + token[0].length;
    const after = text.slice(end, tokens[index + 1]?.index);
    const problem = captureProblem(token[1], wildcards);
    if (problem !== undefined) return problem;
    if (after === '' && index + 1 < tokens.length)
      return `has two wildcards side by side, so that what each stands for is open`;
    wildcards.push({ capture: token[1], after });
  }
  const prefix = text.slice(0, first.index);
  const captures = wildcards.flatMap(({ capture }) => (capture === undefined ? [] : [capture]));
  return { text, literal: undefined, captures, match: (name: string) => matchWildcards(prefix, wildcards, name) };
}

function captureProblem(capture: string | undefined, before: readonly Wildcard[]): string | undefined {
  if (capture === undefined) return undefined;
  if (!CAPTURE_NAME.test(capture))
    return `has the placeholder {${capture}}; a name is lower-case letters, digits and _`;
  if (RESERVED.has(capture)) return `captures {${capture}}, which is always given; choose another name`;
  return before.some((wildcard) => wildcard.capture === capture) ? `captures {${capture}} twice` : undefined;
}

function matchWildcards(
  prefix: string,
  wildcards: readonly Wildcard[],
  name: string,
): ReadonlyMap<string, string> | undefined {
  if (!name.startsWith(prefix)) return undefined;
  const captured = new Map<string, string>();
  let at = prefix.length;
  for (const [index, { capture, after }] of wildcards.entries()) {
    const least = capture === undefined ? at : at + 1;
    const end = index === wildcards.length - 1 ? name.length - after.length : name.indexOf(after, least);
    if (end < least || !name.startsWith(after, end)) return undefined;
    if (capture !== undefined) captured.set(capture, name.slice(at, end));
    at = end + after.length;
  }
  return captured;
}
