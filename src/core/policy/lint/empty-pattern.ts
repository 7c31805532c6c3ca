/** Patterns that no valid repository name fits, by the reference grammar of distribution. */
import { MAX_NAME_LENGTH } from '../../scope.ts';
import type { RepositoryPattern, SegmentPattern } from '../repository-pattern.ts';

/** Separators between letters and digits: one dot, one or two underscores, or dashes. */
const SEPARATOR = /^(?:\.|__?|-+)$/;
const PORT = /:\d{1,5}$/;
/** A port that a wildcard continues. */
const PORT_BEGUN = /:\d{0,5}$/;

/** @returns why no name fits; undefined: some name may fit */
export function emptyReason({ segments }: RepositoryPattern): string | undefined {
  let mayBeFirst = true;
  for (const segment of segments) {
    if (segment.kind === 'deep') continue;
    const reason = segmentReason(segment, mayBeFirst);
    if (reason !== undefined) return reason;
    mayBeFirst = false;
  }
  const least = segments.reduce((sum, segment) => sum + leastLength(segment) + 1, -1);
  return least > MAX_NAME_LENGTH ? `repository names have ${MAX_NAME_LENGTH} characters at most` : undefined;
}

function segmentReason(segment: SegmentPattern, mayBeFirst: boolean): string | undefined {
  const texts = piecesOf(segment);
  for (const [index, piece] of texts.entries()) {
    if (piece === undefined) continue;
    const isStart = index === 0;
    const isEnd = index === texts.length - 1;
    const text = mayBeFirst ? piece.replace(isEnd ? PORT : PORT_BEGUN, '') : piece;
    if (text.includes(':')) return `"${piece}" has a colon, which stands only before the port of a host in front`;
    for (const run of text.matchAll(/[._-]+/g)) {
      const touches = (isStart && run.index === 0) || (isEnd && run.index + run[0].length === text.length);
      if (touches) return `a part of a name begins and ends with a letter or digit, unlike "${piece}"`;
      if (!SEPARATOR.test(run[0])) return `"${run[0]}" never stands in a name: one dot, _ or __, or dashes do`;
    }
  }
  return undefined;
}

/** The literal texts of a segment, with undefined for each wildcard. */
function piecesOf(segment: SegmentPattern): readonly (string | undefined)[] {
  if (segment.kind !== 'wild') return [segment.key];
  return segment.parts.map((part) => ('literal' in part ? part.literal : undefined));
}

function leastLength(segment: SegmentPattern): number {
  if (segment.kind === 'deep') return -1;
  return Math.max(
    1,
    piecesOf(segment).reduce((sum, piece) => sum + (piece?.length ?? 0), 0),
  );
}
