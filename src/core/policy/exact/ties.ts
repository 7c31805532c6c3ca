/** Where the values of several placeholders depend on each other: in the segments of a repository, and in a name. */
import type { Asker } from '../asker.ts';
import type { Part, RepositoryPattern, SegmentPattern } from '../repository-pattern.ts';
import { ANYTHING, isAnything, segmentGlob, uniqueGlobs } from './glob.ts';
import type { Glob } from './glob.ts';

/** A rule that the request must match: one alternative of its who, and one of its repositories. */
export interface Requirement {
  readonly who: Asker;
  /** Undefined: the catalog. */
  readonly pattern: RepositoryPattern | undefined;
}

/** What the values of one placeholder may be like, as far as it is known. */
export interface PlaceholderShapes {
  readonly name: string;
  readonly at: number[];
  globs: readonly Glob[];
}

/** A text that contains the value, and what the text must be like. */
interface Tie {
  readonly holder: SegmentPattern;
  readonly others: readonly Glob[];
}

/** Segments with the value, which may be the segments of other patterns. */
export function sharedSegments(
  { at, name }: PlaceholderShapes,
  placeholders: readonly PlaceholderShapes[],
  requirements: readonly Requirement[],
): readonly Tie[] {
  const all = requirements.map(({ pattern }) => placedSegments(pattern));
  return at.flatMap((index) => {
    const holders = (all[index] ?? []).filter(({ segment }) => hasPlaceholder(segment, name));
    return holders.map((holder) => {
      const globs = all.flatMap((segments, other) =>
        other === index
          ? []
          : segments
              .filter((one) => mayMeet(one, holder))
              .flatMap(({ segment }) => globsOf(segment, other, placeholders)),
      );
      return { holder: holder.segment, others: uniqueGlobs(globs).filter((glob) => !isAnything(glob)) };
    });
  });
}

/** `{group}` and the captures of the group are values of one name, and so are `{user}` and the captures of the user. */
export function sharedNames(
  placeholder: PlaceholderShapes,
  placeholders: readonly PlaceholderShapes[],
  requirements: readonly Requirement[],
): readonly Tie[] {
  return requirements.flatMap(({ who }, index): readonly Tie[] => {
    if (who.kind === 'everyone') return [];
    const isOwn = ({ at }: PlaceholderShapes): boolean => at.includes(index);
    const whole = placeholders.find((one) => one.name === who.kind && (who.kind === 'user' || isOwn(one)));
    const captures = placeholders.filter((one) => isOwn(one) && who.pair.folded.captures.includes(one.name));
    if (whole === undefined || captures.length === 0) return [];
    const name = nameSegment(who.pair.folded.text);
    if (placeholder === whole)
      return [{ holder: nameSegment(`{${who.kind}}`), others: globsOf(name, index, placeholders) }];
    return captures.includes(placeholder) ? [{ holder: name, others: whole.globs }] : [];
  });
}

/** A pattern for names in the form of a segment. */
function nameSegment(text: string): SegmentPattern {
  const parts = text.split(/(\*|\{[^{}]*\})/).map((part): Part => {
    if (part === '*') return { star: true };
    return part.startsWith('{') ? { placeholder: part.slice(1, -1) } : { literal: part };
  });
  return { kind: 'wild', key: text, parts };
}

/** A segment with its distance from the ends of the pattern, as far as no `**` is between. */
interface PlacedSegment {
  readonly segment: SegmentPattern;
  readonly fromStart: number | undefined;
  readonly fromEnd: number | undefined;
}

function placedSegments(pattern: RepositoryPattern | undefined): readonly PlacedSegment[] {
  const segments = pattern?.segments ?? [];
  const first = segments.findIndex(({ kind }) => kind === 'deep');
  const last = segments.findLastIndex(({ kind }) => kind === 'deep');
  return segments.map((segment, index) => ({
    segment,
    fromStart: first < 0 || index < first ? index : undefined,
    fromEnd: index > last ? segments.length - index : undefined,
  }));
}

/** Whether one segment of a repository can match both. */
function mayMeet(a: PlacedSegment, b: PlacedSegment): boolean {
  return isSame(a.fromStart, b.fromStart) && isSame(a.fromEnd, b.fromEnd);
}

function isSame(a: number | undefined, b: number | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

function hasPlaceholder(segment: SegmentPattern, name: string): boolean {
  return segment.kind === 'wild' && segment.parts.some((part) => 'placeholder' in part && part.placeholder === name);
}

/** The segment with each value that its placeholders may have. */
function globsOf(segment: SegmentPattern, index: number, placeholders: readonly PlaceholderShapes[]): readonly Glob[] {
  if (segment.kind === 'deep') return [];
  if (segment.kind === 'literal') return [segmentGlob(segment, new Map())];
  const names = [...new Set(segment.parts.flatMap((part) => ('placeholder' in part ? [part.placeholder] : [])))];
  let all: readonly ReadonlyMap<string, Glob>[] = [new Map()];
  for (const name of names) {
    const globs = placeholders.find((placeholder) => placeholder.name === name && placeholder.at.includes(index))
      ?.globs ?? [ANYTHING];
    all = all.flatMap((values) => globs.map((glob) => new Map(values).set(name, glob)));
  }
  return all.map((values) => segmentGlob(segment, values));
}
