/** The identity of a job: its groups are complete, or there is no identity. */
import { describe, expect, it } from 'vitest';
import { identityOf } from '../../../../src/backends/oidc-token/identity.ts';
import { presetNamed } from '../../../../src/backends/oidc-token/presets/index.ts';
import { parseTemplate } from '../../../../src/backends/oidc-token/template.ts';
import type { ClaimTemplate } from '../../../../src/backends/oidc-token/template.ts';

function template(text: string): ClaimTemplate {
  const parsed = parseTemplate(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

const identity = (claims: Readonly<Record<string, unknown>>, groups: readonly string[]) =>
  identityOf(
    { sub: 'job', exp: 1_700_000_300.9, ...claims },
    {
      backend: 'ci',
      preset: presetNamed('generic'),
      username: template('{claim:sub}'),
      groups: groups.map((text) => ({ template: template(text), when: [], unless: [] })),
    },
  );

describe('the groups of a job', () => {
  it('come from the templates whose claims the token has', () => {
    const found = identity({ team: ['web', 'api'] }, ['team:{claim:team}', 'ref:{claim:ref}']);

    expect(found).toMatchObject({
      username: 'job',
      groups: new Set(['team:web', 'team:api']),
      notAfter: 1_700_000_300,
    });
  });

  it.each([
    ['a claim is an object', { ref: {} }, ['ref:{claim:ref}'], 'no group can be made of ref:{claim:ref}'],
    ['a value has the separator', { a: 'x@y', b: 'z' }, ['{claim:a}@{claim:b}'], 'no group can be made of'],
    ['a value has a control character', { ref: 'a\u0000b' }, ['ref:{claim:ref}'], 'with control characters'],
    ['there are too many', { team: Array.from({ length: 1001 }, (_, index) => `t${index}`) }, ['{claim:team}'], ''],
  ])(
    'make the identity unusable when %s, because a missing group could lift a deny rule',
    (_name, claims, groups, said) => {
      const found = identity(claims, ['of:{claim:sub}', ...groups]);

      expect(found).toBeTypeOf('string');
      expect(found).toContain(said);
    },
  );

  it.each(['web,api', '["web","api"]', 'web api', 'web;api', '{"web":true}'])(
    'are never one group when a claim alone is the text %s, which looks like a list',
    (text) => {
      expect(identity({ groups: text }, ['{claim:groups}'])).toMatch(
        /^the claim groups is the text .* looks like a list of groups: .* write text before \{claim:groups\}/,
      );
    },
  );

  it.each([
    ['a list has such texts', ['Domain Users', 'a,b'], '{claim:groups}', ['Domain Users', 'a,b']],
    ['text stands before the claim', 'Domain Users', 'group:{claim:groups}', ['group:Domain Users']],
    ['the text is one word', 'web', '{claim:groups}', ['web']],
  ])('are made of such values when %s', (_when, groups, text, expected) => {
    expect(identity({ groups }, [text])).toMatchObject({ groups: new Set(expected) });
  });
});
