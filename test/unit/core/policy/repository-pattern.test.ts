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
