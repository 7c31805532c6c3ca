/** How two repository patterns relate. */
import type { RepositoryPattern, SegmentPattern } from '../repository-pattern.ts';
import { ANY, globCovers, globsMeet, memoized } from './globs.ts';
import type { Glob, Token } from './globs.ts';

type Step = { readonly deep: true } | { readonly deep: false; readonly glob: Glob };

/** Sound: true only if every name that fits `narrow` fits `wide`. A placeholder has the same value in both. */
export function repositoriesCover(wide: RepositoryPattern, narrow: RepositoryPattern): boolean {
  const [own, other] = [stepsOf(wide), stepsOf(narrow)];
  return memoized(own, other, (i, j, covers) => {
    const [left, right] = [own[i], other[j]];
    if (left === undefined) return right === undefined;
    if (left.deep) return covers(i + 1, j) || (right !== undefined && covers(i, j + 1));
    if (right === undefined || right.deep) return false;
    return globCovers(left.glob, right.glob) && covers(i + 1, j + 1);
  });
}

/** Sound: false only if no name fits both, whatever the values of placeholders. */
export function repositoriesMeet(a: RepositoryPattern, b: RepositoryPattern): boolean {
  const [own, other] = [stepsOf(a), stepsOf(b)];
  return memoized(own, other, (i, j, meet) => {
    const [left, right] = [own[i], other[j]];
    if (left === undefined && right === undefined) return true;
    if (left?.deep === true) return meet(i + 1, j) || (right !== undefined && meet(i, j + 1));
    if (right?.deep === true) return meet(i, j + 1) || (left !== undefined && meet(i + 1, j));
    return left !== undefined && right !== undefined && globsMeet(left.glob, right.glob) && meet(i + 1, j + 1);
  });
}

/** A name has at least one segment, even for the pattern `**`. */
const ANY_SEGMENT: Step = { deep: false, glob: [ANY] };

/** The canonical form: of `**` and `*` side by side, one `**` comes last. */
function stepsOf({ segments }: RepositoryPattern): readonly Step[] {
  const steps: Step[] = [];
  let isDeep = false;
  for (const segment of segments) {
    if (segment.kind === 'deep') isDeep = true;
    else {
      if (isDeep && segment.key !== '*') {
        steps.push({ deep: true });
        isDeep = false;
      }
      steps.push({ deep: false, glob: segmentGlob(segment) });
    }
  }
  if (steps.length === 0) return [ANY_SEGMENT, { deep: true }];
  return isDeep ? [...steps, { deep: true }] : steps;
}

function segmentGlob(segment: SegmentPattern): Glob {
  if (segment.kind !== 'wild') return segment.key.split('');
  return segment.parts.flatMap((part): readonly Token[] => {
    if ('literal' in part) return part.literal.split('');
    return 'star' in part ? [ANY] : [{ placeholder: part.placeholder }];
  });
}
