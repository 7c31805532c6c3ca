/** Texts that fit two patterns at once, as general as possible. */

/** The tokens of a pattern: characters, and `STAR` for any number of them. */
export type Glob = readonly string[];
export const STAR = '';
export const ANYTHING: Glob = [STAR];

/** The number of texts that are returned for two patterns. They differ in the position of stars. */
const MAX_TEXTS = 6;

export function literal(text: string): Glob {
  return text.split('');
}

/** `*` and captures without a value become stars. */
export function nameGlob(text: string, values: ReadonlyMap<string, string>): Glob {
  const glob: string[] = [];
  let at = 0;
  for (const token of text.matchAll(/\*|\{([^{}]*)\}/g)) {
    const value = token[1] === undefined ? undefined : values.get(token[1]);
    glob.push(...literal(text.slice(at, token.index)), ...(value === undefined ? [STAR] : literal(value)));
    at = token.index + token[0].length;
  }
  return [...glob, ...literal(text.slice(at))];
}

/** Marks a star in a text. No name contains it. */
const OPEN = '\0';

/** Patterns of the texts that fit all of them. There is a bound on their number. */
export function meetGlobs([first = ANYTHING, ...others]: readonly Glob[]): readonly Glob[] {
  let all: readonly Glob[] = [first];
  for (const other of others) {
    all = all
      .flatMap((one) => meet(one, other, OPEN))
      .map((text) => literal(text).map((char) => (char === OPEN ? STAR : char)));
  }
  return all;
}

/**
 * Texts that fit both. Where both have a star, some texts have `word` and others have nothing.
 *
 * @returns the most general first; empty if no text fits both
 */
export function meet(a: Glob, b: Glob, word: string): readonly string[] {
  const known = new Map<number, readonly string[]>();

  function from(i: number, j: number): readonly string[] {
    const key = i * (b.length + 1) + j;
    const found = known.get(key) ?? some(endings(i, j));
    known.set(key, found);
    return found;
  }

  function* endings(i: number, j: number): Generator<string> {
    const [left, right] = [a[i], b[j]];
    if (left === undefined && right === undefined) yield '';
    else if (left === STAR && right === STAR) {
      for (const rest of from(i + 1, j)) yield word + rest;
      for (const rest of from(i, j + 1)) yield word + rest;
      yield* from(i + 1, j + 1);
    } else if (left === STAR) {
      yield* from(i + 1, j);
      if (right !== undefined) for (const rest of from(i, j + 1)) yield right + rest;
    } else if (right === STAR) {
      yield* from(i, j + 1);
      if (left !== undefined) for (const rest of from(i + 1, j)) yield left + rest;
    } else if (left !== undefined && left === right) {
      for (const rest of from(i + 1, j + 1)) yield left + rest;
    }
  }

  return from(0, 0);
}

function some(texts: Iterable<string>): readonly string[] {
  const found = new Set<string>();
  for (const text of texts) {
    found.add(text);
    if (found.size === MAX_TEXTS) break;
  }
  return [...found];
}
