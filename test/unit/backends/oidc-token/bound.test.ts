import { describe, expect, it } from 'vitest';
import { boundProblem, parseBound } from '../../../../src/backends/oidc-token/bound.ts';

const CLAIMS = {
  repository: 'octo-org/octo-app',
  owner: '65',
  protected: true,
  teams: ['web', 'api'],
  none: null,
  empty: '',
  blanks: ['', ''],
  rounded: 12_345_678_901_234_567_000,
  object: { a: 'b' },
  uuid: '{9a8b7c6d-0000-4000-8000-000000000001}',
  path: 'aa/bb/aa',
  'kubernetes.io': { namespace: 'team-web' },
};

function problem(claim: string, values: Parameters<typeof parseBound>[1]): string | undefined {
  const bound = parseBound(claim, values);
  if (typeof bound === 'string') throw new Error(bound);
  return boundProblem(bound, CLAIMS);
}

describe('a bound claim', () => {
  it.each([
    ['repository', 'octo-org/octo-app'],
    ['repository', 'octo-org/*'],
    ['repository', ['other/*', 'octo-org/octo-app']],
    ['repository', '*'],
    ['owner', 65],
    ['owner', '65'],
    ['protected', true],
    ['teams', 'api'],
    ['/kubernetes.io/namespace', 'team-*'],
    ['uuid', '{9a8b7c6d-0000-4000-8000-000000000001}'],
    ['uuid', '{9a8b7c6d-*}'],
    ['path', 'aa*aa'],
    ['path', '*/*/*'],
    ['path', 'aa/*b*/aa'],
  ])('%s fits %j', (claim, values) => {
    expect(problem(claim, values)).toBeUndefined();
  });

  it.each([
    ['repository', 'octo-org'],
    ['repository', 'Octo-Org/*'],
    ['repository', 'octo-org/octo-ap'],
    ['repository', ['other/*', 'another/app']],
    ['owner', 6],
    ['protected', false],
    ['teams', 'web,api'],
    ['none', '*'],
    ['absent', '*'],
    ['empty', '*'],
    ['blanks', '*'],
    ['rounded', '*'],
    ['object', '*'],
    ['/kubernetes.io/namespace', 'web'],
    ['uuid', '{9a8b7c6d-0000-4000-8000-000000000002}'],
    ['uuid', '{id}'],
    ['path', 'aa/bb/aa*aa'],
    ['path', '*/*/*/*'],
  ])('%s does not fit %j', (claim, values) => {
    expect(problem(claim, values)).toContain(`the claim ${claim} is`);
  });

  it.each(['email', '/email'])('%s does not fit while nobody has verified it', (claim) => {
    const bound = parseBound(claim, 'bot@example.com');
    if (typeof bound === 'string') throw new Error(bound);
    const claims = { email: 'bot@example.com' };

    expect(boundProblem(bound, { ...claims, email_verified: true })).toBeUndefined();
    expect(boundProblem(bound, claims)).toContain('not verified');
    expect(boundProblem(bound, { ...claims, email_verified: false })).toContain('not verified');
    expect(boundProblem(bound, { ...claims, email_verified: 'true' })).toBeUndefined();
    expect(boundProblem(bound, { ...claims, email_verified: 'false' })).toContain('not verified');
  });

  it.each([
    ['a', ''],
    ['a', 'a**'],
    ['/a//b', 'x'],
  ])('%s with %j is refused', (claim, value) => {
    expect(parseBound(claim, value)).toEqual(expect.any(String));
  });
});

describe('a pattern', () => {
  /** All texts of up to this many of the characters. */
  function texts(characters: readonly string[], length: number): readonly string[] {
    if (length === 0) return [''];
    const shorter = texts(characters, length - 1);
    const longest = shorter.filter((text) => text.length === length - 1);
    return [...shorter, ...longest.flatMap((text) => characters.map((character) => text + character))];
  }

  it('matches a value exactly when each * can stand for some characters', () => {
    let matches = 0;
    for (const pattern of texts(['a', '{', '*'], 5)) {
      const bound = parseBound('claim', pattern);
      if (typeof bound === 'string') continue;
      const meaning = new RegExp(`^${pattern.replaceAll('{', String.raw`\{`).replaceAll('*', '.*')}$`);
      for (const value of texts(['a', '{'], 5).slice(1)) {
        const isMatch = boundProblem(bound, { claim: value }) === undefined;
        if (isMatch) matches += 1;
        if (isMatch !== meaning.test(value)) expect([pattern, value, isMatch]).toEqual([pattern, value, !isMatch]);
      }
    }
    expect(matches).toBeGreaterThan(500);
  });
});
