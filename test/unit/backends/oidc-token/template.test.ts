import { describe, expect, it } from 'vitest';
import { parseNamePattern } from '../../../../src/core/policy/name-pattern.ts';
import { fillTemplate, parseTemplate } from '../../../../src/backends/oidc-token/template.ts';

const CLAIMS = {
  repository: 'octo-org/octo-app',
  ref: 'refs/heads/main',
  run: 7,
  protected: true,
  teams: ['web', 'api'],
  sites: ['eu', 'us'],
  none: null,
  empty: '',
  blanks: ['', ''],
  some: ['web', ''],
  rounded: 12_345_678_901_234_567_000,
  object: {},
  mixed: ['a', {}],
  many: Array.from({ length: 1001 }, (_, index) => `t${index}`),
  'kubernetes.io': { namespace: 'team-web' },
  email: 'mallory@example.com',
};

function fill(text: string, claims: Readonly<Record<string, unknown>> = CLAIMS) {
  const template = parseTemplate(text);
  if (typeof template === 'string') throw new Error(template);
  return fillTemplate(template, claims);
}

describe('a template', () => {
  it.each([
    ['{claim:repository}', ['octo-org/octo-app']],
    ['repo:{claim:repository}', ['repo:octo-org/octo-app']],
    ['{claim:repository}@{claim:ref}!', ['octo-org/octo-app@refs/heads/main!']],
    ['run-{claim:run}-{claim:protected}', ['run-7-true']],
    ['namespace:{claim:/kubernetes.io/namespace}', ['namespace:team-web']],
    ['{claim:teams}', ['web', 'api']],
    ['team:{claim:some}', ['team:web']],
    ['{claim:teams}/{claim:sites}', ['web/eu', 'web/us', 'api/eu', 'api/us']],
  ])('%s gives %j', (text, texts) => {
    expect(fill(text)).toEqual({ kind: 'texts', texts });
  });

  it.each([
    '{claim:absent}',
    '{claim:none}',
    'team:{claim:empty}',
    'team:{claim:blanks}',
    '{claim:repository}@{claim:absent}',
    '{claim:/kubernetes.io/pod}',
  ])('%s gives nothing where the claim is missing', (text) => {
    expect(fill(text)).toMatchObject({ kind: 'missing' });
  });

  it.each(['{claim:rounded}', '{claim:object}', '{claim:mixed}', '{claim:kubernetes.io}', '{claim:many}'])(
    '%s is unusable',
    (text) => {
      expect(fill(text)).toMatchObject({ kind: 'unusable' });
    },
  );

  it('uses an email address only when it is verified', () => {
    expect(fill('{claim:email}')).toMatchObject({ kind: 'unusable' });
    expect(fill('{claim:/email}')).toMatchObject({ kind: 'unusable' });
    expect(fill('{claim:email}', { ...CLAIMS, email_verified: true })).toMatchObject({ kind: 'texts' });
  });

  it('is unusable where the value of one claim looks like two claims', () => {
    const branch = { repository: 'evil/app@refs/heads/main:x', ref: 'y' };

    expect(fill('{claim:repository}@{claim:ref}', branch)).toMatchObject({ kind: 'unusable' });
    expect(fill('{claim:ref}::{claim:repository}', { ...branch, ref: 'a:' })).toMatchObject({ kind: 'unusable' });
    // The last one ends where the name does.
    expect(fill('{claim:ref}@{claim:repository}', branch)).toMatchObject({ kind: 'texts' });
  });

  it.each([
    ['environment:{claim:repository}@{claim:environment}', 'environment:*@production'],
    ['{claim:repository}@branch/{claim:environment}', '*@branch/production'],
    ['{claim:repository}@{claim:run}/{claim:environment}', '*@7/production'],
  ])('%s gives no name of another environment that %s matches', (text, expected) => {
    const pattern = parseNamePattern(expected);
    if (typeof pattern === 'string') throw new Error(pattern);
    const fits = (environment: string): boolean => {
      const filled = fill(text, { ...CLAIMS, environment });
      return filled.kind === 'texts' && filled.texts.some((name) => pattern.match(name) !== undefined);
    };

    expect(fits('production')).toBe(true);
    expect(['x@production', 'x@branch/production', 'x@7/production', '@production'].some(fits)).toBe(false);
  });

  it('gives different names for different values', () => {
    const named = (ref: string) => fill('{claim:repository}@{claim:ref}', { repository: 'a', ref });

    expect(named('pkg@1.2')).toEqual({ kind: 'texts', texts: ['a@pkg%401.2'] });
    expect(named('pkg%401.2')).toEqual({ kind: 'texts', texts: ['a@pkg%25401.2'] });
    expect(fill('ci@{claim:ref}', { ref: 'pkg@1.2' })).toEqual({ kind: 'texts', texts: ['ci@pkg@1.2'] });
  });

  it.each([
    ['job', 'expected a claim in it'],
    ['', 'expected a claim in it'],
    ['{repository}', 'expected braces around claims only'],
    ['{claim:}', 'expected braces around claims only'],
    ['{claim:a}{', 'expected braces around claims only'],
    ['{claim:{claim:a}}', 'expected braces around claims only'],
    ['{claim:a}{claim:b}', 'expected a text between two claims'],
    ['{claim:/a//b}', 'expected a JSON pointer'],
  ])('%j is refused', (text, problem) => {
    expect(parseTemplate(text)).toContain(problem);
  });
});
