/** Values for placeholders so that two rules meet: texts of the other rule, and words that no rule contains. */
import { foldCase } from '../../fold-case.ts';
import type { Asker } from '../asker.ts';
import { isSegment } from '../repository-pattern.ts';
import type { RepositoryPattern, SegmentPattern } from '../repository-pattern.ts';
import type { Alternative } from './alternative.ts';
import { ANYTHING, literal, meet, meetGlobs, nameGlob, STAR } from './glob.ts';
import type { Glob } from './glob.ts';
import { stepsOf } from './path.ts';
import type { Words } from './words.ts';

type Values = ReadonlyMap<string, string>;

const MAX_VALUES = 40;
const MAX_COMBINATIONS = 400;

/** For each alternative, values for its placeholders; every combination, the most general first. */
export function* valuesFor(
  alternatives: readonly Alternative[],
  who: readonly Asker[],
  form: 'exact' | 'folded',
  words: Words,
): Generator<readonly Values[]> {
  const places = placesIn(alternatives).map(({ name, indexes }) => ({
    name,
    indexes,
    pool: atMost(indexes.flatMap((index) => poolFor(index, name))),
  }));
  let left = MAX_COMBINATIONS;
  for (const chosen of products(places.map(({ pool }) => pool))) {
    if (left-- <= 0) return words.cut();
    const values = alternatives.map(() => new Map<string, string>());
    for (const [at, { indexes, name }] of places.entries()) {
      for (const index of indexes) values[index]?.set(name, chosen[at] ?? '');
    }
    yield values;
  }

  function poolFor(index: number, name: string): readonly string[] {
    const own = alternatives[index];
    const others = alternatives.filter((other) => other !== own).flatMap(({ pattern }) => pattern ?? []);
    const named = name === 'user' || name === 'group' ? namesOf(name, who, form, words) : [];
    const globs = name === 'user' ? meetGlobs(globsOf('user', who, form)) : [ANYTHING];
    const parts = others.flatMap((other) => partsOf(own?.pattern, name, globs, other, words));
    return [words.at(0), words.at(1 + index), ...named, ...parts];
  }

  function atMost(pool: readonly string[]): readonly string[] {
    // A user name is inserted in lower case; the value itself is unchanged.
    const values = [...new Set(pool)].filter((value) => isSegment(foldCase(value)));
    if (values.length > MAX_VALUES) words.cut();
    return values.slice(0, MAX_VALUES);
  }
}

/** The placeholders of all alternatives. Both are for the same user, but perhaps for two groups of the user. */
function placesIn(alternatives: readonly Alternative[]) {
  const all = alternatives.flatMap(({ pattern }, index) =>
    (pattern?.placeholders ?? []).map((name) => ({ name, index })),
  );
  const byPlace = Map.groupBy(all, ({ name, index }) => (name === 'user' ? name : `${index} ${name}`));
  return [...byPlace.values()].map((same) => ({
    name: same[0]?.name ?? '',
    indexes: same.map(({ index }) => index),
  }));
}

function globsOf(kind: 'user' | 'group', who: readonly Asker[], form: 'exact' | 'folded'): readonly Glob[] {
  return who.flatMap((one) => (one.kind === kind ? [nameGlob(one.pair[form].text, new Map())] : []));
}

/** Names that fit the patterns for users, or for groups. */
function namesOf(
  kind: 'user' | 'group',
  who: readonly Asker[],
  form: 'exact' | 'folded',
  words: Words,
): readonly string[] {
  const globs = globsOf(kind, who, form);
  return globs.flatMap((glob) =>
    globs.flatMap((other) => [...meet(glob, ANYTHING, words.at(0)), ...meet(glob, other, words.at(0))]),
  );
}

/**
 * Values with which a segment that contains the placeholder fits a segment of the other pattern.
 *
 * @param globs the value must fit one of them
 */
function partsOf(
  own: RepositoryPattern | undefined,
  name: string,
  globs: readonly Glob[],
  other: RepositoryPattern,
  words: Words,
): readonly string[] {
  const theirs = stepsOf(other).flatMap((step) => (step.deep ? [] : [step.glob]));
  const holders = own?.segments.filter((segment) => holds(segment, name)) ?? [];
  return holders.flatMap((segment) =>
    globs.flatMap((glob) => {
      const texts = theirs.flatMap((step) => meet(segmentGlob(segment, name, glob), step, words.at(0)));
      return segment.key === `{${name}}`
        ? texts
        : texts.flatMap((text) => partsThatFit(segment, name, text, glob, words));
    }),
  );
}

function holds(segment: SegmentPattern, name: string): boolean {
  return segment.kind === 'wild' && segment.parts.some((part) => 'placeholder' in part && part.placeholder === name);
}

/** The segment with the glob in the place of the placeholder, and any text in the places of others. */
function segmentGlob(segment: SegmentPattern, name: string, glob: Glob): Glob {
  if (segment.kind !== 'wild') return literal(segment.key);
  return segment.parts.flatMap((part): Glob => {
    if ('literal' in part) return literal(part.literal);
    return 'placeholder' in part && part.placeholder === name ? glob : [STAR];
  });
}

function partsThatFit(
  segment: SegmentPattern,
  name: string,
  text: string,
  glob: Glob,
  words: Words,
): readonly string[] {
  const [whole, word] = [literal(text), words.at(0)];
  return substrings(text).filter(
    (part) =>
      meet(glob, literal(part), word).length > 0 &&
      meet(segmentGlob(segment, name, literal(foldCase(part))), whole, word).length > 0,
  );
}

/** Every substring of a text, which is at most as long as a repository name. */
function substrings(text: string): readonly string[] {
  const parts: string[] = [];
  for (let from = 0; from < text.length; from++) {
    for (let to = text.length; to > from; to--) parts.push(text.slice(from, to));
  }
  return parts;
}

function* products(pools: readonly (readonly string[])[]): Generator<readonly string[]> {
  const [pool, ...others] = pools;
  if (pool === undefined) return yield [];
  for (const value of pool) for (const rest of products(others)) yield [value, ...rest];
}
