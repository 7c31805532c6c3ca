/** A pattern of which lint says that no repository fits it has no repository that fits it. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { emptyReason } from '../../../../../src/core/policy/lint/empty-pattern.ts';
import {
  matchesRepository,
  parseRepositoryPattern,
  repositorySegments,
} from '../../../../../src/core/policy/repository-pattern.ts';
import type { RepositoryPattern } from '../../../../../src/core/policy/repository-pattern.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 5000);

function patternOf(text: string): RepositoryPattern {
  const pattern = parseRepositoryPattern(text);
  if (typeof pattern === 'string') throw new Error(`${text} ${pattern}`);
  return pattern;
}

it.each(['host:*', 'host:5*', 'host:5*0/a', '**/host:{team}', '*:5000', 'a--b/*__*', '*-*', '*.*'])(
  'nothing is said of %s',
  (text) => {
    expect(emptyReason(patternOf(text))).toBeUndefined();
  },
);

it.each([
  'a/host:5000',
  'a/host:*',
  'a-/*',
  '_*',
  'a/.b',
  '*a...b*',
  'a___b',
  '*:500000/a',
  `${'a'.repeat(250)}/*/*/*/*`,
])('something is said of %s', (text) => {
  expect(emptyReason(patternOf(text))).toEqual(expect.any(String));
});

const character = fc.constantFrom('a', '5', '.', '_', '-', ':');
const piece = fc.oneof({ weight: 3, arbitrary: character }, fc.constantFrom('*', '{team}'));
const segment = fc.oneof(
  { weight: 5, arbitrary: fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join('')) },
  fc.constant('**'),
);
const pattern = fc
  .array(segment, { minLength: 1, maxLength: 3 })
  .map((segments) => segments.join('/'))
  .filter((text) => typeof parseRepositoryPattern(text) !== 'string');
const value = fc.constantFrom('a', '5', 'a5', 'a-5', 'a__a', '5:5', 'a:55', '5.a');

it('a pattern that lint calls empty fits no valid repository name', () => {
  let fitted = 0;
  fc.assert(
    fc.property(pattern, fc.array(value, { minLength: 6, maxLength: 6 }), value, (text, fillers, team) => {
      let at = 0;
      const name = text
        .replaceAll('**', fillers[0] ?? '')
        .replaceAll('{team}', team)
        .replaceAll('*', () => fillers[(at += 1) % fillers.length] ?? '');
      const segments = repositorySegments(name);
      if (segments === undefined || !matchesRepository(patternOf(text), segments, new Map([['team', team]]))) return;
      fitted += 1;
      expect(emptyReason(patternOf(text))).toBeUndefined();
    }),
    { numRuns: RUNS },
  );
  expect(fitted).toBeGreaterThan(RUNS / 100);
});
