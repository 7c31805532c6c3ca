/** Texts for a glob: words in the places of its stars, chosen so that other patterns match them in every possible way. */
import { literal, STAR, starsIn } from './glob.ts';
import type { Glob } from './glob.ts';
import { divided, WORDS_PER_STAR } from './words.ts';
import type { World } from './world.ts';

/** More stars than this are all filled. */
const MAX_EMPTY = 4;
/** A port of a registry for a wildcard, for which words cannot stand. */
const PORT = '1';
const TOO_MANY_STARS = 'texts fit several patterns with many wildcards in too many ways';

/**
 * Names that fit the glob. A star is a word; or nothing, which `*` matches and a capture does not; or words with
 * separators of patterns between them, which such patterns divide differently.
 *
 * @param first the place of the first word
 */
export function namesFrom(
  glob: Glob,
  first: number,
  { words, separators, spellings, effort }: World,
): readonly string[] {
  const stars = starsIn(glob);
  if (stars > MAX_EMPTY) effort.giveUp(TOO_MANY_STARS);
  const texts = new Set<string>();
  for (const empty of subsets(stars)) {
    const choices = empty.size === stars ? NO_SEPARATORS : [[], ...separators];
    for (const choice of choices) {
      const filled = fill(glob, (star) =>
        empty.has(star) ? '' : divided(first + star * WORDS_PER_STAR, choice, words),
      );
      effort.spend(20 + 4 * filled.length);
      for (const text of spellings(filled)) texts.add(text);
    }
  }
  texts.delete('');
  return [...texts];
}

/** Texts for a segment of a repository name, which no pattern divides. */
export function segmentsFrom(glob: Glob, first: number, { words, effort }: World): readonly string[] {
  if (starsIn(glob) > MAX_EMPTY) effort.giveUp(TOO_MANY_STARS);
  const isWhole = glob.length === 1;
  const texts = new Set<string>();
  for (const empty of isWhole ? [new Set<number>()] : subsets(starsIn(glob))) {
    texts.add(fill(glob, (star) => (empty.has(star) ? '' : words.at(first + star))).join(''));
  }
  if (glob.includes(':')) texts.add(fill(glob, () => PORT).join(''));
  texts.delete('');
  return [...texts];
}

const NO_SEPARATORS: readonly (readonly string[])[] = [[]];

function fill(glob: Glob, star: (index: number) => string): Glob {
  let stars = 0;
  return glob.flatMap((token) => (token === STAR ? literal(star(stars++)) : [token]));
}

/** The sets of stars that are empty, none of them first. */
function* subsets(stars: number): Generator<ReadonlySet<number>> {
  const size = Math.min(stars, MAX_EMPTY);
  for (let bits = 0; bits < 2 ** size; bits++) {
    yield new Set(
      Array.from({ length: size }, (_, star) => star).filter((star) => Math.floor(bits / 2 ** star) % 2 === 1),
    );
  }
}
