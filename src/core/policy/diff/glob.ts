/** Texts that fit two patterns at once, as general as they can be. */

/** A pattern taken apart: characters, and `STAR` for any number of them. */
export type Glob = readonly string[];
export const STAR = '';
export const ANYTHING: Glob = [STAR];

/** Ways to fit two patterns that are looked at: they differ in where stars lie. */
const MOST = 6;

export function literal(text: string): Glob {
  return text.split('');
}

/** `*` and captures become stars, but for the captures that have a value. */
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

/** Of no name, so that it can stand for a star. */
const OPEN = '\0';

/** Patterns of what fits all of them; some of them, where there are many ways. */
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
 * Texts that fit both. Where both leave it open what stands there, `word` stands there, and in other texts nothing.
 *
 * @returns none when nothing fits both; the most general first
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
    if (found.size === MOST) break;
  }
  return [...found];
}
