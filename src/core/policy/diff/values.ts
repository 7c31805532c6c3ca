/** What placeholders may stand for, so that two rules meet: words of the other rule, and words nobody speaks of. */
import { foldCase } from '../../fold-case.ts';
import { isSegment } from '../repository-pattern.ts';
import type { RepositoryPattern, SegmentPattern } from '../repository-pattern.ts';
import type { Alternative, WhoAlternative } from './alternative.ts';
import { ANYTHING, literal, meet, nameGlob } from './glob.ts';
import { stepsOf } from './path.ts';
import type { Words } from './words.ts';

type Values = ReadonlyMap<string, string>;

const MOST_VALUES = 40;
const MOST_COMBINATIONS = 400;

/** For each alternative, values for its placeholders; every combination, the most general first. */
export function* valuesFor(
  alternatives: readonly Alternative[],
  who: readonly WhoAlternative[],
  form: 'exact' | 'folded',
  words: Words,
): Generator<readonly Values[]> {
  const places = alternatives.flatMap(({ pattern }, index) =>
    (pattern?.placeholders ?? []).map((name) => ({ index, name, pool: poolFor(index, name) })),
  );
  let left = MOST_COMBINATIONS;
  for (const chosen of products(places.map(({ pool }) => pool))) {
    if (left-- <= 0) return words.cut();
    const values = alternatives.map(() => new Map<string, string>());
    for (const [at, { index, name }] of places.entries()) values[index]?.set(name, chosen[at] ?? '');
    yield values;
  }

  function poolFor(index: number, name: string): readonly string[] {
    const own = alternatives[index];
    const others = alternatives.filter((other) => other !== own).flatMap(({ pattern }) => pattern ?? []);
    const named = name === 'user' || name === 'group' ? namesOf(name, who, form, words) : [];
    const spoken =
      own?.pattern === undefined ? [] : others.flatMap((other) => partsOf(own.pattern, name, other, words));
    const pool = [words.at(0), words.at(1 + index), ...named, ...spoken];
    // A user's name enters in lower case; the name itself is kept as it is.
    const values = [...new Set(pool)].filter((value) => isSegment(foldCase(value)));
    if (values.length > MOST_VALUES) words.cut();
    return values.slice(0, MOST_VALUES);
  }
}

/** Names that the patterns for users, or groups, have. */
function namesOf(
  kind: 'user' | 'group',
  who: readonly WhoAlternative[],
  form: 'exact' | 'folded',
  words: Words,
): readonly string[] {
  const globs = who.flatMap((one) => (one.kind === kind ? [nameGlob(one.pair[form].text, new Map())] : []));
  return globs.flatMap((glob) =>
    globs.flatMap((other) => [...meet(glob, ANYTHING, words.at(0)), ...meet(glob, other, words.at(0))]),
  );
}

/** Values with which the segments that hold the placeholder may be those of the other pattern. */
function partsOf(
  own: RepositoryPattern | undefined,
  name: string,
  other: RepositoryPattern,
  words: Words,
): readonly string[] {
  const texts = stepsOf(other).flatMap((step) => (step.deep ? [] : meet(step.glob, ANYTHING, words.at(0))));
  const holders = own?.segments.filter(
    (segment) =>
      segment.kind === 'wild' && segment.parts.some((part) => 'placeholder' in part && part.placeholder === name),
  );
  return (holders ?? []).flatMap((segment) =>
    segment.key === `{${name}}` ? texts : texts.flatMap((text) => partsThatFit(segment, name, text, words)),
  );
}

function partsThatFit(segment: SegmentPattern, name: string, text: string, words: Words): readonly string[] {
  return within(text).filter((part) =>
    stepsOf({ segments: [segment] }, new Map([[name, part]])).some(
      (step) => !step.deep && meet(step.glob, literal(text), words.at(0)).length > 0,
    ),
  );
}

/** Every part of a text, which is at most as long as a repository name. */
function within(text: string): readonly string[] {
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
