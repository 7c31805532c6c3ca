/** Repository names that fit several patterns at once, as general as possible. */
import { repositorySegments } from '../repository-pattern.ts';
import type { RepositoryPattern, SegmentPattern } from '../repository-pattern.ts';
import { segmentsFrom } from './fills.ts';
import { ANYTHING, intersectAll, literal, segmentGlob } from './glob.ts';
import type { Glob } from './glob.ts';
import { products } from './products.ts';
import { FIRST_WORD } from './words.ts';
import type { World } from './world.ts';

const WORDS_PER_SEGMENT = 3;

/** @param values for the placeholders of each pattern */
export function* placesOf(
  patterns: readonly RepositoryPattern[],
  values: readonly ReadonlyMap<string, string>[],
  world: World,
): Generator<string> {
  const globs = patterns.map(({ segments }, index) => segments.map((segment) => stepOf(segment, values[index])));
  for (const length of lengthsFor(globs, world.deepest)) {
    const seen = new Set<string>();
    for (const paths of products(globs.map((steps) => [...expansions(steps, length)]))) {
      world.effort.spend(length * paths.length);
      if (world.effort.isSpent()) return;
      for (const name of commonNames(paths, length, world)) {
        if (seen.has(name) || repositorySegments(name) === undefined) continue;
        seen.add(name);
        yield name;
      }
    }
  }
}

/** Undefined: `**`. */
type Step = Glob | undefined;

function stepOf(segment: SegmentPattern, values: ReadonlyMap<string, string> | undefined): Step {
  if (segment.kind === 'deep') return undefined;
  return segmentGlob(segment, new Map([...(values ?? [])].map(([name, value]) => [name, literal(value)])));
}

/**
 * The numbers of segments that are tried, the smallest first. Rules see of a run of open segments whether it is shorter
 * than their own segments, so a `**` needs no more segments than the longest pattern has, and one.
 */
function* lengthsFor(paths: readonly (readonly Step[])[], deepest: number): Generator<number> {
  const least = Math.max(1, ...paths.map((steps) => steps.filter((step) => step !== undefined).length));
  const fixed = paths.filter((steps) => !steps.includes(undefined)).map((steps) => steps.length);
  const most = fixed.length > 0 ? Math.min(...fixed) : longest(paths, deepest);
  for (let length = least; length <= most; length++) yield length;
}

/** The pattern with as many segments for each `**` as the length allows, in each distribution. */
function* expansions(steps: readonly Step[], length: number): Generator<readonly Glob[]> {
  const [step, ...rest] = steps;
  if (steps.length === 0) return yield [];
  const fixed = rest.filter((one) => one !== undefined).length;
  if (step !== undefined) {
    for (const more of expansions(rest, length - 1)) yield [step, ...more];
    return;
  }
  const isLast = !rest.includes(undefined);
  for (let deep = isLast ? length - fixed : 0; deep <= length - fixed; deep++) {
    const open = Array<Glob>(deep).fill(ANYTHING);
    for (const more of expansions(rest, length - deep)) yield [...open, ...more];
  }
}

function* commonNames(paths: readonly (readonly Glob[])[], length: number, world: World): Generator<string> {
  const choices: (readonly string[])[] = [];
  for (let at = 0; at < length; at++) {
    const globs = intersectAll(
      paths.map((path) => path[at] ?? ANYTHING),
      world.effort,
    );
    const texts = new Set(
      globs.flatMap((glob) => segmentsFrom(glob, FIRST_WORD.repository + at * WORDS_PER_SEGMENT, world)),
    );
    choices.push([...texts]);
  }
  for (const segments of products(choices)) yield segments.join('/');
}

/** Patterns with n `**` in all have at most n + 1 - (number of patterns) runs in which every pattern is open. */
function longest(paths: readonly (readonly Step[])[], deepest: number): number {
  const steps = paths.flat();
  const deep = steps.filter((step) => step === undefined).length;
  return steps.length - deep + (deep + 1 - paths.length) * deepest;
}
