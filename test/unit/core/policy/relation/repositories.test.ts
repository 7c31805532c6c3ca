/** How repository patterns relate, tried against the matcher that decides. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repositoriesCover, repositoriesMeet } from '../../../../../src/core/policy/relation/repositories.ts';
import {
  matchesRepository,
  parseRepositoryPattern,
  repositorySegments,
} from '../../../../../src/core/policy/repository-pattern.ts';
import type { RepositoryPattern } from '../../../../../src/core/policy/repository-pattern.ts';

function patternOf(text: string): RepositoryPattern {
  const pattern = parseRepositoryPattern(text);
  if (typeof pattern === 'string') throw new Error(`${text} ${pattern}`);
  return pattern;
}

function matches(text: string, name: string, team = 'a'): boolean {
  const segments = repositorySegments(name);
  return segments !== undefined && matchesRepository(patternOf(text), segments, new Map([['team', team]]));
}

const covers = (wide: string, narrow: string): boolean => repositoriesCover(patternOf(wide), patternOf(narrow));
const overlap = (one: string, other: string): boolean => repositoriesMeet(patternOf(one), patternOf(other));

const plain = fc.constantFrom('a', 'b', 'ab', '*', 'a*', '*b', 'a*b', '**', 'a-*', '*-b', 'a:1', '*:*', '-*');
const withTeam = fc.oneof(plain, fc.constantFrom('{team}', 'a-{team}', '{team}*', '*-{team}'));
const patternWith = (segment: fc.Arbitrary<string>) =>
  fc
    .array(segment, { minLength: 1, maxLength: 3 })
    .filter((segments) => segments.filter((text) => text === '**').length <= 2)
    .map((segments) => segments.join('/'));
/** Without those that fit no valid name, or only with a port: the relations do not look at the grammar of names. */
const pattern = patternWith(plain.filter((text) => !/^-|:/.test(text)));
const teamPattern = patternWith(withTeam);
const name = fc
  .array(fc.constantFrom('a', 'b', 'ab', 'aab', 'ba', 'a-b', 'a-a', 'c', 'b-b', 'a:1', 'c:22'), {
    minLength: 1,
    maxLength: 4,
  })
  .map((segments) => segments.join('/'))
  .filter((text) => repositorySegments(text) !== undefined);
const runs = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 2000) };

/** Every name of up to three segments made of these: enough to show a difference of the patterns above. */
const SEGMENTS = [
  'a',
  'b',
  'ab',
  'aab',
  'abb',
  'a-b',
  'a-a',
  'b-b',
  'c',
  'ac',
  'cb',
  'acb',
  'c-b',
  'a-c',
  'a:1',
  'c:1',
];
const NAMES = SEGMENTS.flatMap((one) => [
  one,
  ...SEGMENTS.flatMap((two) => [`${one}/${two}`, ...SEGMENTS.map((three) => `${one}/${two}/${three}`)]),
]).filter((text) => repositorySegments(text) !== undefined);

describe('cover', () => {
  it.each([
    ['**', 'a/b'],
    ['web/**', 'web'],
    ['web/**', 'web/*'],
    ['web/**', 'web/**/x/*'],
    ['**/x', 'a/**/x'],
    ['*', '{team}'],
    ['{team}/**', '{team}/x'],
    ['*/**', '**'],
    ['*-*', 'a-b*'],
  ])('%s covers %s', (wide, narrow) => {
    expect(covers(wide, narrow)).toBe(true);
  });

  it.each([
    ['web/*', 'web/**'],
    ['web/*', 'web'],
    ['{team}', '*'],
    ['{team}', '{other}'],
    ['a*', '{team}'],
    ['a*b', 'a*'],
    ['*/x', '**/x'],
  ])('%s does not cover %s', (wide, narrow) => {
    expect(covers(wide, narrow)).toBe(false);
  });

  it('leaves no name to the covered pattern alone, whatever the value', () => {
    fc.assert(
      fc.property(teamPattern, teamPattern, name, fc.constantFrom('a', 'b', 'a-b', '1'), (wide, narrow, text, team) => {
        if (covers(wide, narrow) && matches(narrow, text, team)) expect(matches(wide, text, team)).toBe(true);
      }),
      runs,
    );
  });

  it('is found wherever no name of many speaks against it', () => {
    fc.assert(
      fc.property(pattern, pattern, (wide, narrow) => {
        const difference = NAMES.find((text) => matches(narrow, text) && !matches(wide, text));

        // Four segments distinguish `**` from as many `*` as the names above have.
        if (difference === undefined && !narrow.includes('**')) expect(covers(wide, narrow)).toBe(true);
        if (difference !== undefined) expect(covers(wide, narrow)).toBe(false);
      }),
      { numRuns: Math.min(runs.numRuns, 150) },
    );
  });
});

describe('overlap', () => {
  it.each([
    ['*/release/**', '{team}/**'],
    ['a*', '*b'],
    ['**', 'x'],
    ['a/**', '**/b'],
    ['{team}', 'x'],
  ])('%s overlaps %s', (one, other) => {
    expect(overlap(one, other)).toBe(true);
  });

  it.each([
    ['a', 'b'],
    ['a*', 'b*'],
    ['*/x', 'x'],
    ['*', '*/*'],
    ['a/**', 'b/**'],
    ['{team}-x', 'y'],
  ])('%s never overlaps %s', (one, other) => {
    expect(overlap(one, other)).toBe(false);
  });

  it('is denied only where no name fits both', () => {
    fc.assert(
      fc.property(teamPattern, teamPattern, name, fc.constantFrom('a', 'b', '1'), (one, other, text, team) => {
        if (matches(one, text, team) && matches(other, text, team)) expect(overlap(one, other)).toBe(true);
      }),
      runs,
    );
  });

  it('is claimed only where one of many names fits both', () => {
    fc.assert(
      fc.property(pattern, pattern, (one, other) => {
        if (overlap(one, other) && !`${one}${other}`.includes('**'))
          expect(NAMES.some((text) => matches(one, text) && matches(other, text))).toBe(true);
      }),
      { numRuns: Math.min(runs.numRuns, 150) },
    );
  });
});
