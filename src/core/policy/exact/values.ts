/**
 * Values for placeholders with which the patterns of several rules fit one repository: what the segments of the other
 * patterns require, what the name requires that a value comes from, and words that no rule contains.
 */
import { foldCase } from '../../fold-case.ts';
import type { Asker } from '../asker.ts';
import type { NamePattern } from '../name-pattern.ts';
import { isSegment } from '../repository-pattern.ts';
import type { SegmentPattern } from '../repository-pattern.ts';
import type { CasePair } from '../who.ts';
import {
  ANYTHING,
  intersect,
  intersectAll,
  literal,
  nameGlob,
  segmentGlob,
  STAR,
  starsIn,
  uniqueGlobs,
} from './glob.ts';
import type { Glob } from './glob.ts';
import type { Effort } from './effort.ts';
import { divided, FIRST_WORD, WORDS_PER_STAR } from './words.ts';
import { sharedNames, sharedSegments } from './ties.ts';
import type { PlaceholderShapes, Requirement } from './ties.ts';
import type { Form, World } from './world.ts';

/** The values of one placeholder in one pattern. `{user}` has the same value in all patterns. */
export interface PlaceholderValues {
  readonly name: string;
  /** The patterns in which the placeholder stands. */
  readonly at: readonly number[];
  readonly texts: readonly string[];
}

const MAX_GLOBS = 30;
/** Segments of other patterns, with all values of their placeholders. */
const MAX_OTHERS = 200;
const MAX_ROUNDS = 4;
/** Open places of a value. */
const MAX_STARS = 3;

const TOO_MANY = 'values of several rules depend on each other in too many ways';

export function placeholdersFor(
  requirements: readonly Requirement[],
  users: readonly CasePair[],
  form: Form,
  world: World,
): readonly PlaceholderValues[] {
  const placeholders: PlaceholderShapes[] = [];
  for (const [index, { who, pattern }] of requirements.entries()) {
    for (const name of pattern?.placeholders ?? []) {
      const globs = shapesOf(name, who, users, form, world);
      const same = name === 'user' ? placeholders.find((placeholder) => placeholder.name === 'user') : undefined;
      if (same === undefined) placeholders.push({ name, at: [index], globs });
      else same.at.push(index);
    }
  }
  // A value in one pattern is also one in each pattern that shares its segment. Repeated until nothing is new.
  for (let round = 0, isNew = true; isNew; round += 1) {
    if (round === MAX_ROUNDS) {
      world.effort.giveUp(TOO_MANY);
      break;
    }
    isNew = placeholders.map((placeholder) => grow(placeholder, placeholders, requirements, world)).includes(true);
  }
  return placeholders.map((placeholder, place) => ({
    name: placeholder.name,
    at: placeholder.at,
    texts: textsOf(placeholder, place, world),
  }));
}

/** What the name must be like that a value comes from. */
function shapesOf(
  name: string,
  who: Asker,
  users: readonly CasePair[],
  form: Form,
  { effort }: World,
): readonly Glob[] {
  const shapes: Glob[] = [ANYTHING];
  if (name === 'group' && who.kind === 'group') shapes.push(nameGlob(who.pair[form].text));
  if (name === 'user') shapes.push(...userGlobs(users, form, effort));
  else if (who.kind === 'user')
    shapes.push(...userGlobs(users, form, effort).flatMap((glob) => captured(who.pair[form], name, glob)));
  return uniqueGlobs(shapes.map(folded));
}

function userGlobs(users: readonly CasePair[], form: Form, effort: Effort): readonly Glob[] {
  return intersectAll(
    users.map((pair) => nameGlob(pair[form].text)),
    effort,
  );
}

/** What the pattern captures of the name; none for an attribute. A star is a character here, which no pattern has. */
function captured(pattern: NamePattern, name: string, glob: Glob): readonly Glob[] {
  const value = pattern.match(glob.join(''))?.get(name);
  return value === undefined ? [] : [literal(value)];
}

function folded(glob: Glob): Glob {
  return literal(foldCase(glob.join('')));
}

/** @returns whether the placeholder has new values */
function grow(
  placeholder: PlaceholderShapes,
  placeholders: readonly PlaceholderShapes[],
  requirements: readonly Requirement[],
  world: World,
): boolean {
  const { effort } = world;
  const known = new Set(placeholder.globs.map((glob) => glob.join()));
  const found = new Map<string, Glob>();
  for (const { holder, others } of [
    ...sharedSegments(placeholder, placeholders, requirements),
    ...sharedNames(placeholder, placeholders, requirements),
  ]) {
    if (others.length > MAX_OTHERS) effort.giveUp(TOO_MANY);
    for (const theirs of others.slice(0, MAX_OTHERS)) {
      for (const shape of placeholder.globs) {
        for (const value of valuesWith(holder, placeholder.name, shape, theirs, effort)) {
          if (known.has(value.join())) continue;
          if (starsIn(value) > MAX_STARS) effort.giveUp(TOO_MANY);
          else found.set(value.join(), value);
        }
        if (effort.isSpent()) return false;
      }
    }
  }
  const more = [...found.values()]
    .toSorted((a, b) => a.length - b.length)
    .slice(0, MAX_GLOBS - placeholder.globs.length);
  if (more.length < found.size) effort.giveUp(TOO_MANY);
  placeholder.globs = [...placeholder.globs, ...more];
  return more.length > 0;
}

/** The values of the placeholder, of the given shape, with which the segment fits another one. */
function valuesWith(holder: SegmentPattern, name: string, shape: Glob, theirs: Glob, effort: Effort): readonly Glob[] {
  const own = segmentGlob(holder, new Map([[name, shape]]));
  return intersect(own, theirs, effort).flatMap((common) => {
    effort.spend(common.length * common.length);
    return valuesIn(holder, common, name);
  });
}

/** The parts of a segment that the placeholder can stand for, in every way in which the segment fits its pattern. */
function valuesIn(pattern: SegmentPattern, common: Glob, name: string): readonly Glob[] {
  if (pattern.kind !== 'wild') return [];
  const { parts } = pattern;
  const segment = divisible(common);
  const found: Glob[] = [];

  function from(part: number, at: number, values: ReadonlyMap<string, string>): void {
    const next = parts[part];
    if (next === undefined) {
      const value = at === segment.length ? values.get(name) : undefined;
      if (value !== undefined) found.push(literal(value));
      return;
    }
    if ('literal' in next) {
      const isThere = segment.slice(at, at + next.literal.length).join('') === next.literal;
      if (isThere) from(part + 1, at + next.literal.length, values);
      return;
    }
    for (let end = at; end <= segment.length; end += 1) {
      const text = segment.slice(at, end).join('');
      if ('star' in next) from(part + 1, end, values);
      else if (text !== '' && (values.get(next.placeholder) ?? text) === text)
        from(part + 1, end, new Map(values).set(next.placeholder, text));
    }
  }

  from(0, 0, new Map());
  return uniqueGlobs(found.map(withoutDoubleStars));
}

/** A star of the segment can belong to two wildcards that stand side by side. */
function divisible(segment: Glob): Glob {
  return segment.flatMap((token) => (token === STAR ? [STAR, STAR] : [token]));
}

function withoutDoubleStars(glob: Glob): Glob {
  return glob.filter((token, index) => token !== STAR || glob[index - 1] !== STAR);
}

/**
 * Each glob with words that all placeholders have, and with words of its own. A star is a word, or words with separators between
 * them, or nothing.
 */
function textsOf({ globs }: PlaceholderShapes, place: number, { words, separators }: World): readonly string[] {
  const common = FIRST_WORD.value;
  const own = common + (place + 1) * MAX_STARS * WORDS_PER_STAR;
  const texts = [common, own].flatMap((first) =>
    [[], ...separators].flatMap((choice) =>
      globs.map((glob) => filledText(glob, (star) => divided(first + star * WORDS_PER_STAR, choice, words))),
    ),
  );
  const empty = globs.map((glob) => filledText(glob, () => ''));
  return [...new Set([...texts, ...empty].map(foldCase))].filter(isSegment);
}

function filledText(glob: Glob, star: (index: number) => string): string {
  let stars = 0;
  return glob.map((token) => (token === STAR ? star(stars++) : token)).join('');
}
