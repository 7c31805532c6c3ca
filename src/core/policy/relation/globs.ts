/** How two globs relate: whether one fits every text that the other fits, and whether a text fits both. */

/** One character; `ANY` for any number of them, `ONE` for exactly one, or the value of a placeholder by its name. */
export type Token = string | typeof ANY | typeof ONE | { readonly placeholder: string };
export type Glob = readonly Token[];

export const ANY: unique symbol = Symbol('any');
const ONE: unique symbol = Symbol('one');
/** Any text except the empty one. */
const SOME: Glob = [ONE, ANY];
const MANY: Glob = [ANY];

/** Sound: true only if every text that fits `narrow` fits `wide`. A placeholder has the same value in both. */
export function globCovers(wide: Glob, narrow: Glob): boolean {
  return memoized(wide, narrow, (i, j, covers) => {
    const [own, other] = [wide[i], narrow[j]];
    if (own === undefined) return other === undefined;
    if (own === ANY) return covers(i + 1, j) || (other !== undefined && covers(i, j + 1));
    if (other === undefined || other === ANY) return false;
    if (typeof other === 'object') {
      if (typeof own === 'object') return own.placeholder === other.placeholder && covers(i + 1, j + 1);
      // A value is one character or more.
      return own === ONE && wide[i + 1] === ANY && covers(i + 1, j + 1);
    }
    return (own === ONE || own === other) && covers(i + 1, j + 1);
  });
}

/** Sound: false only if no text fits both, whatever the values of placeholders. */
export function globsMeet(a: Glob, b: Glob): boolean {
  const [left, right] = [a.flatMap(anything), b.flatMap(anything)];
  return memoized(left, right, (i, j, meet) => {
    const [own, other] = [left[i], right[j]];
    if (own === undefined && other === undefined) return true;
    if (own === ANY) return meet(i + 1, j) || (other !== undefined && meet(i, j + 1));
    if (other === ANY) return meet(i, j + 1) || (own !== undefined && meet(i + 1, j));
    return (
      (own === ONE ? other !== undefined : other === ONE ? own !== undefined : own === other) && meet(i + 1, j + 1)
    );
  });
}

function anything(token: Token): Glob {
  return typeof token === 'object' ? SOME : [token];
}

type Step = (i: number, j: number, go: (i: number, j: number) => boolean) => boolean;

/** Computes each pair of positions once, so that the work is bounded by the product of both lengths. */
export function memoized(a: readonly unknown[], b: readonly unknown[], step: Step): boolean {
  const known = new Map<number, boolean>();
  const go = (i: number, j: number): boolean => {
    const key = i * (b.length + 1) + j;
    const found = known.get(key);
    if (found !== undefined) return found;
    const answer = i <= a.length && j <= b.length && step(i, j, go);
    known.set(key, answer);
    return answer;
  };
  return go(0, 0);
}

const WILDCARD = /\*|\{[^{}]*\}/g;

/** The glob of a name pattern: `*` is any text, a capture any text except the empty one. */
export function nameGlob(text: string): Glob {
  const glob: Token[] = [];
  let at = 0;
  for (const token of text.matchAll(WILDCARD)) {
    glob.push(...text.slice(at, token.index).split(''), ...(token[0] === '*' ? MANY : SOME));
    at = token.index + token[0].length;
  }
  return [...glob, ...text.slice(at).split('')];
}
