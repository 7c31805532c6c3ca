import { expect, it } from 'vitest';
import { parseNamePattern } from '../../../../src/core/policy/name-pattern.ts';

it.each<[string, string, Readonly<Record<string, string>> | undefined]>([
  ['alice', 'alice', {}],
  ['alice', 'alice2', undefined],
  ['alice', 'Alice', undefined],
  ['*', '', {}],
  ['*', 'anything at all', {}],
  ['ci-*', 'ci-', {}],
  ['ci-*', 'ci-7', {}],
  ['ci-*', 'xci-7', undefined],
  ['*-bot', 'release-bot', {}],
  ['*-bot', 'release-bots', undefined],
  ['a*a', 'a', undefined],
  ['a*a', 'aa', {}],
  ['a*b*c', 'a1b2c', {}],
  ['a*b*c', 'acb', undefined],
  ['a*bc*d', 'abcd', {}],
  ['a*bb*b', 'abb', undefined],
  ['a*bb*b', 'abbb', {}],
  ['team-{team}', 'team-web', { team: 'web' }],
  ['team-{team}', 'team-', undefined],
  ['{team}-team', '-team', undefined],
  ['{team}-team', 'a-team-team', { team: 'a-team' }],
  ['{org}-{team}', 'a-b-c', { org: 'a', team: 'b-c' }],
  ['{org}--{team}', 'a--b', { org: 'a', team: 'b' }],
  ['{org}-{team}', '-b', undefined],
  ['{org}-{team}', '--b', { org: '-', team: 'b' }],
  ['*_{team}', 'x_y', { team: 'y' }],
  ['{a}x*', 'xx', { a: 'x' }],
])('%s and "%s"', (text, name, captured) => {
  const pattern = parseNamePattern(text);
  if (typeof pattern === 'string') throw new Error(pattern);

  const match = pattern.match(name);

  expect(match === undefined ? undefined : Object.fromEntries(match)).toEqual(captured);
  expect(pattern.text).toBe(text);
  expect(pattern.literal).toBe(/[*{]/.test(text) ? undefined : text);
});

it('names what it captures, in order', () => {
  const pattern = parseNamePattern('{b}-*-{a}');

  expect(pattern).toMatchObject({ captures: ['b', 'a'] });
});

it('takes time in proportion to the name, whatever the pattern', () => {
  const pattern = parseNamePattern(`${'*a'.repeat(200)}*b`);
  if (typeof pattern === 'string') throw new Error(pattern);

  const started = performance.now();
  expect(pattern.match('a'.repeat(100_000))).toBeUndefined();
  // Trying all ways to spread the wildcards would outlast the universe.
  expect(performance.now() - started).toBeLessThan(2000);
});
