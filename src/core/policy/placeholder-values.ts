/** The values of placeholders for which a pattern fits a repository. */
import { isSegment } from './repository-pattern.ts';
import type { RepositoryPattern, SegmentPattern } from './repository-pattern.ts';

type Values = ReadonlyMap<string, string>;

/** Several stars and placeholders in one segment can fit in many ways. This bounds the results. */
const MAX_RESULTS = 64;

/** @returns each set of values; one empty set for a pattern without placeholders; none if it does not fit */
export function placeholderValues(
  { segments: patterns }: RepositoryPattern,
  segments: readonly string[],
): readonly Values[] {
  const found = new Map<string, Values>();

  function from(patternAt: number, at: number, values: Values): void {
    if (found.size >= MAX_RESULTS) return;
    const pattern = patterns[patternAt];
    if (pattern === undefined) {
      if (at === segments.length) found.set(JSON.stringify([...values]), values);
      return;
    }
    if (pattern.kind === 'deep') {
      for (let next = at; next <= segments.length; next++) from(patternAt + 1, next, values);
      return;
    }
    const segment = segments[at];
    if (segment === undefined) return;
    for (const more of segmentValues(pattern, segment, values)) from(patternAt + 1, at + 1, more);
  }

  from(0, 0, new Map());
  return [...found.values()];
}

function segmentValues(pattern: SegmentPattern, segment: string, values: Values): readonly Values[] {
  if (pattern.kind !== 'wild') return pattern.key === segment ? [values] : [];
  const { parts } = pattern;
  const found: Values[] = [];

  function from(partAt: number, at: number, known: Values): void {
    if (found.length >= MAX_RESULTS) return;
    const part = parts[partAt];
    if (part === undefined) {
      if (at === segment.length) found.push(known);
      return;
    }
    if ('literal' in part) {
      if (segment.startsWith(part.literal, at)) from(partAt + 1, at + part.literal.length, known);
      return;
    }
    for (let end = at; end <= segment.length; end++) {
      if ('star' in part) {
        from(partAt + 1, end, known);
        continue;
      }
      const value = segment.slice(at, end);
      const given = known.get(part.placeholder);
      if (given === undefined ? isSegment(value) : given === value) {
        from(partAt + 1, end, new Map(known).set(part.placeholder, value));
      }
    }
  }

  from(0, 0, values);
  return found;
}
