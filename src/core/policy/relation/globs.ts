/**
 * How two globs relate: whether one fits all that the other fits, and whether any text fits both. What is claimed is
 * so; where it is hard to tell, less is claimed.
 */

/** One character; `ANY` for any number of them, `ONE` for exactly one, or the value of a placeholder by its name. */
export type Token = string | typeof ANY | typeof ONE | { readonly placeholder: string };
export type Glob = readonly Token[];

export const ANY: unique symbol = Symbol('any');
export const ONE: unique symbol = Symbol('one');
/** Any text but none. */
const SOME: Glob = [ONE, ANY];
const MANY: Glob = [ANY];

/** Whether all that fits `narrow` fits `wide`. A placeholder stands for the same value in both. */
export function globCovers(wide: Glob, narrow: Glob): boolean {
  return remembering(wide, narrow, (i, j, covers) => {
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

/** Whether some text may fit both, whatever placeholders stand for. False is certain. */
export function globsMeet(a: Glob, b: Glob): boolean {
  const [left, right] = [a.flatMap(anything), b.flatMap(anything)];
  return remembering(left, right, (i, j, meet) => {
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

/** Each pair of places is looked at once, so that the work grows with the product of both lengths and no faster. */
export function remembering(a: readonly unknown[], b: readonly unknown[], step: Step): boolean {
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

/** The glob of a name pattern: `*` is any text, a capture is any text but none. */
export function nameGlob(text: string): Glob {
  const glob: Token[] = [];
  let at = 0;
  for (const token of text.matchAll(WILDCARD)) {
    glob.push(...text.slice(at, token.index).split(''), ...(token[0] === '*' ? MANY : SOME));
    at = token.index + token[0].length;
  }
  return [...glob, ...text.slice(at).split('')];
}
