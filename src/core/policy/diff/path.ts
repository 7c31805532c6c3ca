/** Repository names that fit two patterns at once, as general as they can be. */
import { foldCase } from '../../fold-case.ts';
import { repositorySegments } from '../repository-pattern.ts';
import type { RepositoryPattern, SegmentPattern } from '../repository-pattern.ts';
import { ANYTHING, literal, meet, STAR } from './glob.ts';
import type { Glob } from './glob.ts';
import type { Words } from './words.ts';

/** A segment of a pattern whose placeholders have values. */
type Step = { readonly deep: true } | { readonly deep: false; readonly glob: Glob; readonly text: string };
/** One segment of what fits: its texts, and the pattern they are of; `**` stands for any number of segments. */
type Found =
  | { readonly deep: true }
  | { readonly deep: false; readonly texts: readonly string[]; readonly text: string };

export interface Place {
  readonly name: string;
  /** The pattern both patterns come to, for people. */
  readonly pattern: string;
}

/** The words before it are for the values of placeholders. */
const FIRST_PLACE = 3;
const MOST_WAYS = 16;
const MOST_PLACES = 400;
/** Up to so many segments for each of two `**` every combination is tried. */
const MOST_BOTH = 6;

/** @param values undefined: whatever a placeholder stands for */
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

/** Names that fit, of every depth up to `deepest` segments for a `**`. */
export function placesOf(a: readonly Step[], b: readonly Step[], words: Words, deepest: number): readonly Place[] {
  const places = new Map<string, Place>();
  for (const way of waysToMeet(a, b, words)) {
    const pattern = way.map((found) => (found.deep ? '**' : found.text)).join('/');
    for (const name of namesOf(way, words, deepest)) {
      if (places.size >= MOST_PLACES) {
        words.cut();
        return [...places.values()];
      }
      if (repositorySegments(name) !== undefined && !places.has(name)) places.set(name, { name, pattern });
    }
  }
  return [...places.values()];
}

/** Whether any name fits both, whatever their placeholders stand for. */
export function mayMeet(a: RepositoryPattern, b: RepositoryPattern, words: Words): boolean {
  return waysToMeet(stepsOf(a), stepsOf(b), words).length > 0;
}

function waysToMeet(a: readonly Step[], b: readonly Step[], words: Words): readonly (readonly Found[])[] {
  const known = new Map<number, readonly (readonly Found[])[]>();

  function from(i: number, j: number): readonly (readonly Found[])[] {
    const key = i * (b.length + 1) + j;
    const found = known.get(key) ?? unique([...endings(i, j)]);
    known.set(key, found);
    return found;
  }

  function* endings(i: number, j: number): Generator<readonly Found[]> {
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

  function* after(left: Step, right: Step, i: number, j: number): Generator<readonly Found[]> {
    const found = segmentOf(left, right, words.at(FIRST_PLACE + Math.max(i, j)));
    if (found !== undefined) for (const rest of from(i, j)) yield [found, ...rest];
  }

  return from(0, 0);
}

function withDeep(rest: readonly Found[]): readonly Found[] {
  return rest[0]?.deep === true ? rest : [{ deep: true }, ...rest];
}

function unique(ways: readonly (readonly Found[])[]): readonly (readonly Found[])[] {
  return [...new Map(ways.map((way) => [JSON.stringify(way), way])).values()].slice(0, MOST_WAYS);
}

function segmentOf(left: Step, right: Step, word: string): Found | undefined {
  const [a, b] = [globOf(left), globOf(right)];
  const texts = meet(a, b, word).filter((text) => text !== '');
  if (texts.length === 0) return undefined;
  return { deep: false, texts: texts.slice(0, 2), text: textOf(left, right) ?? texts[0] ?? '' };
}

function globOf(found: Step): Glob {
  return found.deep ? ANYTHING : found.glob;
}

/** The narrower of the two, where it is plain which one is. */
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

function* namesOf(way: readonly Found[], words: Words, deepest: number): Generator<string> {
  const deep = way.filter((found) => found.deep).length;
  if (deep === 0) return yield* fill(way, [], words);
  // One level deeper than the rule's own place is what people think of first.
  const depths = [1, 0, ...Array.from({ length: Math.max(deepest - 1, 0) }, (_, index) => index + 2)];
  if (deep === 1) {
    for (const depth of depths) yield* fill(way, [depth], words);
    return;
  }
  if (deep > 2 || deepest > MOST_BOTH) words.cut();
  const others = depths.slice(0, MOST_BOTH);
  for (const depth of depths)
    for (const other of others) yield* fill(way, [depth, ...Array(deep - 1).fill(other)], words);
}

function* fill(way: readonly Found[], depths: readonly number[], words: Words): Generator<string> {
  const used = [...depths];
  let names: readonly (readonly string[])[] = [[]];
  for (const [index, found] of way.entries()) {
    if (found.deep) {
      const more = Array.from({ length: used.shift() ?? 0 }, (_, level) =>
        words.at(FIRST_PLACE + way.length + index + level),
      );
      names = names.map((name) => [...name, ...more]);
    } else names = names.flatMap((name) => found.texts.map((text) => [...name, text])).slice(0, 4);
  }
  for (const name of names) yield name.join('/');
}
