/** Patterns of text, and the most general texts that fit several of them. */
import { foldCase } from '../../fold-case.ts';
import type { SegmentPattern } from '../repository-pattern.ts';
import { ANY, globCovers } from '../relation/globs.ts';
import type { Effort } from './effort.ts';

/** A character; `STAR` for any number of them; or a character in upper or lower case, see `inAnyCase`. */
type Token = string;
export type Glob = readonly Token[];
export const STAR = '\0';
export const ANYTHING: Glob = [STAR];

/** Stands before a letter whose case is open. */
const ANY_CASE = '\u0001';
/** The largest number of texts for two patterns. Patterns with many stars fit each other in very many ways. */
const MAX_RESULTS = 1000;

export function literal(text: string): Glob {
  return text.split('');
}

/** The text of a repository name, with each letter in upper or lower case. */
export function inAnyCase(text: string): Glob {
  return text.split('').map((char) => char.replace(/[a-z]/, `${ANY_CASE}$&`));
}

/** The character in lower case if its case is open; undefined if it is not. */
export function openCase(token: Token): string | undefined {
  return token[1];
}

/** @param values for captures; a capture without one, like `*`, is a star */
export function nameGlob(text: string, values: ReadonlyMap<string, Glob> = new Map()): Glob {
  const glob: Token[] = [];
  let at = 0;
  for (const token of text.matchAll(/\*|\{[^{}]*\}/g)) {
    const value = values.get(token[0].slice(1, -1)) ?? ANYTHING;
    glob.push(...literal(text.slice(at, token.index)), ...value);
    at = token.index + token[0].length;
  }
  return [...glob, ...literal(text.slice(at))];
}

/** @param values for placeholders; a placeholder without one is a star */
export function segmentGlob(segment: SegmentPattern, values: ReadonlyMap<string, Glob>): Glob {
  if (segment.kind !== 'wild') return literal(segment.key);
  return segment.parts.flatMap((part): Glob => {
    if ('literal' in part) return literal(part.literal);
    return ('placeholder' in part ? values.get(part.placeholder) : undefined) ?? ANYTHING;
  });
}

/** Every most general text that fits both. Their stars are open. */
export function intersect(a: Glob, b: Glob, effort: Effort): readonly Glob[] {
  const known = new Map<string, readonly Glob[]>();

  function from(i: number, j: number): readonly Glob[] {
    const key = `${i} ${j}`;
    const found = known.get(key) ?? collect(endings(i, j));
    known.set(key, found);
    return found;
  }

  function* endings(i: number, j: number): Generator<Glob> {
    const [left, right] = [a[i], b[j]];
    if (left === undefined && right === undefined) yield [];
    else if (left === STAR && right === STAR) {
      for (const rest of from(i + 1, j)) yield withStar(rest);
      for (const rest of from(i, j + 1)) yield withStar(rest);
    } else if (left === STAR) {
      yield* from(i + 1, j);
      if (right !== undefined) for (const rest of from(i, j + 1)) yield [right, ...rest];
    } else if (right === STAR) {
      yield* from(i, j + 1);
      if (left !== undefined) for (const rest of from(i + 1, j)) yield [left, ...rest];
    } else {
      const both = commonToken(left, right);
      if (both !== undefined) for (const rest of from(i + 1, j + 1)) yield [both, ...rest];
    }
  }

  function collect(globs: Iterable<Glob>): readonly Glob[] {
    const found = new Map<string, Glob>();
    for (const glob of globs) {
      found.set(glob.join(), glob);
      effort.spend(60);
      if (effort.isSpent()) break;
      if (found.size > MAX_RESULTS) {
        effort.giveUp('names fit several patterns with many wildcards in too many ways');
        break;
      }
    }
    return [...found.values()];
  }

  if (isAnything(a)) return [b];
  if (isAnything(b)) return [a];
  effort.spend(10 * a.length * b.length);
  return mostGeneral(from(0, 0), effort);
}

/** More texts than this are not compared. */
const MAX_COMPARED = 40;

/** Without those that are special cases of others. */
function mostGeneral(globs: readonly Glob[], effort: Effort): readonly Glob[] {
  if (globs.length > MAX_COMPARED) return globs;
  const byLength = globs.toSorted((a, b) => a.length - b.length);
  const general: Glob[] = [];
  for (const glob of byLength) {
    if (general.some((wide) => covers(wide, glob, effort))) continue;
    general.push(glob);
  }
  return general;
}

/** Whether every text that fits `narrow` fits `wide`. */
function covers(wide: Glob, narrow: Glob, effort: Effort): boolean {
  effort.spend(4 * wide.length * narrow.length);
  return globCovers(withAny(wide), withAny(narrow));
}

function withAny(glob: Glob): readonly (string | typeof ANY)[] {
  return glob.map((token) => (token === STAR ? ANY : token));
}

function commonToken(left: Token | undefined, right: Token | undefined): Token | undefined {
  if (left === undefined || right === undefined) return undefined;
  if (left === right) return left;
  if (openCase(left) === foldCase(right)) return right;
  return openCase(right) === foldCase(left) ? left : undefined;
}

function withStar(rest: Glob): Glob {
  return rest[0] === STAR ? rest : [STAR, ...rest];
}

/** Every most general text that fits all of them; `ANYTHING` for none. */
export function intersectAll([first = ANYTHING, ...others]: readonly Glob[], effort: Effort): readonly Glob[] {
  let all: readonly Glob[] = [first];
  for (const other of others) all = uniqueGlobs(all.flatMap((one) => intersect(one, other, effort)));
  return all;
}

export function uniqueGlobs(globs: readonly Glob[]): readonly Glob[] {
  return [...new Map(globs.map((glob) => [glob.join(), glob])).values()];
}

export function isAnything(glob: Glob): boolean {
  return glob.length === 1 && glob[0] === STAR;
}

export function starsIn(glob: Glob): number {
  return glob.filter((token) => token === STAR).length;
}
