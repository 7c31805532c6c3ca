/** Repository names that fit two patterns at once, as general as possible. */
import { foldCase } from '../../fold-case.ts';
import { repositorySegments } from '../repository-pattern.ts';
import type { RepositoryPattern, SegmentPattern } from '../repository-pattern.ts';
import { ANYTHING, literal, meet, STAR } from './glob.ts';
import type { Glob } from './glob.ts';
import type { Words } from './words.ts';

/** A segment of a pattern whose placeholders have values. */
type Step = { readonly deep: true } | { readonly deep: false; readonly glob: Glob; readonly text: string };
/** A common segment of two patterns: its texts, and the pattern that they fit; or a `**` of both. */
type CommonSegment =
  | { readonly deep: true }
  | { readonly deep: false; readonly texts: readonly string[]; readonly text: string };

export interface Place {
  readonly name: string;
  /** The common pattern of both, for the output. */
  readonly pattern: string;
}

/** The words with a lower index are for the values of placeholders. */
const FIRST_PLACE = 3;
const MAX_RESULTS = 16;
const MAX_PLACES = 400;
/** For two `**`, every combination of depths below this number is tried. */
const MAX_COMBINED_DEPTH = 6;

/** @param values undefined: a placeholder may have any value */
export function stepsOf(
  { segments }: Pick<RepositoryPattern, 'segments'>,
  values?: ReadonlyMap<string, string>,
): readonly Step[] {
  return segments.map((segment) =>
    segment.kind === 'deep' ? { deep: true } : { deep: false, ...step(segment, values) },
  );
}

function step(segment: SegmentPattern, values: ReadonlyMap<string, string> | undefined) {
  if (segment.kind !== 'wild') return { glob: literal(segment.key), text: segment.key };
  const glob = segment.parts.flatMap((part): Glob => {
    if ('literal' in part) return literal(part.literal);
    const value = 'placeholder' in part ? values?.get(part.placeholder) : undefined;
    return value === undefined ? [STAR] : literal(foldCase(value));
  });
  return { glob, text: segment.key };
}

/** Names that fit both, of every depth up to `deepest` segments for a `**`. */
export function placesOf(a: readonly Step[], b: readonly Step[], words: Words, deepest: number): readonly Place[] {
  const places = new Map<string, Place>();
  for (const path of commonPaths(a, b, words)) {
    const pattern = path.map((found) => (found.deep ? '**' : found.text)).join('/');
    for (const name of namesOf(path, words, deepest)) {
      if (places.size >= MAX_PLACES) {
        words.cut();
        return [...places.values()];
      }
      if (repositorySegments(name) !== undefined && !places.has(name)) places.set(name, { name, pattern });
    }
  }
  return [...places.values()];
}

/** Sound: false only if no name fits both, whatever the values of placeholders. */
export function mayMeet(a: RepositoryPattern, b: RepositoryPattern, words: Words): boolean {
  return commonPaths(stepsOf(a), stepsOf(b), words).length > 0;
}

function commonPaths(a: readonly Step[], b: readonly Step[], words: Words): readonly (readonly CommonSegment[])[] {
  const known = new Map<number, readonly (readonly CommonSegment[])[]>();

  function from(i: number, j: number): readonly (readonly CommonSegment[])[] {
    const key = i * (b.length + 1) + j;
    const found = known.get(key) ?? unique([...endings(i, j)]);
    known.set(key, found);
    return found;
  }

  function* endings(i: number, j: number): Generator<readonly CommonSegment[]> {
    const [left, right] = [a[i], b[j]];
    if (left === undefined && right === undefined) yield [];
    else if (left?.deep === true && right?.deep === true) {
      for (const rest of from(i + 1, j)) yield withDeep(rest);
      for (const rest of from(i, j + 1)) yield withDeep(rest);
      yield* from(i + 1, j + 1);
    } else if (left?.deep === true) {
      yield* from(i + 1, j);
      if (right !== undefined) yield* after(left, right, i, j + 1);
    } else if (right?.deep === true) {
      yield* from(i, j + 1);
      if (left !== undefined) yield* after(left, right, i + 1, j);
    } else if (left !== undefined && right !== undefined) yield* after(left, right, i + 1, j + 1);
  }

  function* after(left: Step, right: Step, i: number, j: number): Generator<readonly CommonSegment[]> {
    const found = segmentOf(left, right, words.at(FIRST_PLACE + Math.max(i, j)));
    if (found !== undefined) for (const rest of from(i, j)) yield [found, ...rest];
  }

  return from(0, 0);
}

function withDeep(rest: readonly CommonSegment[]): readonly CommonSegment[] {
  return rest[0]?.deep === true ? rest : [{ deep: true }, ...rest];
}

function unique(paths: readonly (readonly CommonSegment[])[]): readonly (readonly CommonSegment[])[] {
  return [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()].slice(0, MAX_RESULTS);
}

function segmentOf(left: Step, right: Step, word: string): CommonSegment | undefined {
  const [a, b] = [globOf(left), globOf(right)];
  const texts = meet(a, b, word).filter((text) => text !== '');
  if (texts.length === 0) return undefined;
  return { deep: false, texts: texts.slice(0, 2), text: textOf(left, right) ?? texts[0] ?? '' };
}

function globOf(found: Step): Glob {
  return found.deep ? ANYTHING : found.glob;
}

/** The narrower one of the two; undefined: neither is known to be narrower. */
function textOf(left: Step, right: Step): string | undefined {
  if (left.deep) return right.deep ? undefined : right.text;
  if (right.deep || left.text === right.text) return left.text;
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (!/[*{]/.test(one.text) || other.text === '*') return one.text;
    if (/^\{[^{}]*\}$/.test(other.text) && one.text !== '*') return one.text;
  }
  return undefined;
}

function* namesOf(path: readonly CommonSegment[], words: Words, deepest: number): Generator<string> {
  const deep = path.filter((found) => found.deep).length;
  if (deep === 0) return yield* fill(path, [], words);
  // The most useful example is one level below the pattern.
  const depths = [1, 0, ...Array.from({ length: Math.max(deepest - 1, 0) }, (_, index) => index + 2)];
  if (deep === 1) {
    for (const depth of depths) yield* fill(path, [depth], words);
    return;
  }
  if (deep > 2 || deepest > MAX_COMBINED_DEPTH) words.cut();
  const others = depths.slice(0, MAX_COMBINED_DEPTH);
  for (const depth of depths)
    for (const other of others) yield* fill(path, [depth, ...Array(deep - 1).fill(other)], words);
}

function* fill(path: readonly CommonSegment[], depths: readonly number[], words: Words): Generator<string> {
  const used = [...depths];
  let names: readonly (readonly string[])[] = [[]];
  for (const [index, found] of path.entries()) {
    if (found.deep) {
      const more = Array.from({ length: used.shift() ?? 0 }, (_, level) =>
        words.at(FIRST_PLACE + path.length + index + level),
      );
      names = names.map((name) => [...name, ...more]);
    } else names = names.flatMap((name) => found.texts.map((text) => [...name, text])).slice(0, 4);
  }
  for (const name of names) yield name.join('/');
}
