import { describe, expect, it } from 'vitest';
import { matchesRepository, parseRepositoryPattern } from '../../../../src/core/policy/repository-pattern.ts';

function matches(text: string, repository: string, values: Readonly<Record<string, string>>): boolean {
  const pattern = parseRepositoryPattern(text);
  if (typeof pattern === 'string') throw new Error(pattern);
  return matchesRepository(pattern, repository.split('/'), new Map(Object.entries(values)));
}

describe('a placeholder in a repository pattern', () => {
  it.each([
    ['{team}/**', 'web/shop', { team: 'web' }, true],
    ['{team}/**', 'api/shop', { team: 'web' }, false],
    ['{team}-*/app', 'web-eu/app', { team: 'web' }, true],
    ['{team}*/app', 'web/app', { team: 'we' }, true],
  ])('stands for its value: %s, %s', (pattern, repository, values, expected) => {
    expect(matches(pattern, repository, values)).toBe(expected);
  });

  it.each([
    ['{team}/**', 'web/shop'],
    ['{team}*/app', 'web/app'],
    ['team{team}/app', 'team/app'],
  ])('matches nothing without its value: %s, %s', (pattern, repository) => {
    expect(matches(pattern, repository, {})).toBe(false);
  });
});

/** The definition: `**` takes any number of segments, `*` one. */
function isMatch([pattern, ...patterns]: readonly string[], segments: readonly string[]): boolean {
  if (pattern === undefined) return segments.length === 0;
  const [segment, ...rest] = segments;
  if (pattern === '**')
    return isMatch(patterns, segments) || (segment !== undefined && isMatch([pattern, ...patterns], rest));
  return segment !== undefined && (pattern === '*' || pattern === segment) && isMatch(patterns, rest);
}

/** All lists of 1 to `most` words. */
function listsOf(words: readonly string[], most: number): readonly (readonly string[])[] {
  if (most === 0) return [];
  return words.flatMap((word) => [[word], ...listsOf(words, most - 1).map((list) => [word, ...list])]);
}

describe('** in a repository pattern', () => {
  it('matches as its definition says, in every short pattern and repository', () => {
    const repositories = listsOf(['a', 'b'], 5);
    const patterns = listsOf(['a', 'b', '*', '**'], 5).filter(
      (list) => list.filter((word) => word === '**').length < 3,
    );

    const wrong = patterns.flatMap((pattern) =>
      repositories
        .filter((names) => matches(pattern.join('/'), names.join('/'), {}) !== isMatch(pattern, names))
        .map((names) => `${pattern.join('/')} ${names.join('/')}`),
    );

    expect([patterns.length, repositories.length]).toEqual([1244, 62]);
    expect(wrong).toEqual([]);
  });

  it('costs time that grows with the number of segments, and not with its square', () => {
    const pattern = parseRepositoryPattern('**/a/**/b');
    if (typeof pattern === 'string') throw new Error(pattern);
    let reads = 0;
    const counted = (length: number): readonly string[] =>
      new Proxy(
        Array.from({ length }, () => 'a'),
        {
          get: (segments, key) => {
            if (typeof key === 'string' && /^\d+$/.test(key)) reads += 1;
            return Reflect.get(segments, key) as unknown;
          },
        },
      );

    expect(matchesRepository(pattern, counted(128), new Map())).toBe(false);

    expect(reads).toBeGreaterThanOrEqual(128);
    expect(reads).toBeLessThan(3 * 128);
  });
});
