import { assert, constantFrom, oneof, property, string, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatScope, MAX_SCOPES, parseScope, parseScopes } from '../../../src/core/scope.ts';

describe('parseScope', () => {
  it.each([
    ['repository:web/shop:pull,push', { type: 'repository', name: 'web/shop', actions: ['pull', 'push'] }],
    // The name of a mirrored image has a port in it.
    ['repository:host:5000/team/app:pull', { type: 'repository', name: 'host:5000/team/app', actions: ['pull'] }],
    ['repository(plugin):web/shop:pull', { type: 'repository', name: 'web/shop', actions: ['pull'] }],
    ['registry:catalog:*', { type: 'registry', name: 'catalog', actions: ['*'] }],
    // Distribution asks for this on routes without a repository.
    ['repository::pull', { type: 'repository', name: '', actions: ['pull'] }],
    ['repository:a:pull,,pull,push', { type: 'repository', name: 'a', actions: ['pull', 'push'] }],
  ])('reads %s', (text, scope) => {
    expect(parseScope(text)).toEqual(scope);
  });

  it.each([
    '',
    'repository',
    'repository:a',
    'repository:a:',
    'repository:a:,',
    ':a:pull',
    'Repository:a:pull',
    'repository(:a:pull',
    'repository(plugin)x:a:pull',
    `repository:${'a'.repeat(256)}:pull`,
    `repository:a:${Array.from({ length: 17 }, (_, n) => `action${n}`).join()}`,
    // Four actions in 1025 characters.
    `repository:a:pull${','.repeat(1008)}`,
  ])('reads nothing in %j', (text) => {
    expect(parseScope(text)).toBeUndefined();
  });

  it('parses the text of a parsed scope to the same scope, and never throws', () => {
    const piece = string({ unit: constantFrom('a', ':', ',', '/', '(', ')', ' ', 'é') });

    assert(
      property(
        oneof(
          piece,
          tuple(piece, piece, piece).map((parts) => parts.join(':')),
        ),
        (text) => {
          const scope = parseScope(text);

          if (scope !== undefined) expect(parseScope(formatScope(scope))).toEqual(scope);
        },
      ),
    );
    expect(parseScope('a:b:c')).toBeDefined();
  });
});

describe('parseScopes', () => {
  it('makes one entry for each repository, however the scopes are sent', () => {
    const { scopes, malformed } = parseScopes([' repository:a:pull repository:b:pull', 'repository:a:push,pull', 'x']);

    expect(scopes.map(formatScope)).toEqual(['repository:a:pull,push', 'repository:b:pull']);
    expect(malformed).toEqual(['x']);
  });

  it('accepts the maximum number of scopes, and repetitions of them', () => {
    const many = Array.from({ length: MAX_SCOPES }, (_, n) => `repository:r${n}:pull`);

    const { scopes } = parseScopes([...many, 'repository:r0:push']);

    expect(scopes).toHaveLength(MAX_SCOPES);
    expect(scopes[0]?.actions).toEqual(['pull', 'push']);
  });

  it.each([
    ['scopes', (n: number) => `repository:r${n}:pull`],
    ['texts that are not scopes', (n: number) => `r${n}`],
  ])('refuses one more than the maximum number of %s, and leaves out none', (_what, text) => {
    const many = Array.from({ length: MAX_SCOPES + 1 }, (_, n) => text(n));

    expect(() => parseScopes(many)).toThrow(expect.objectContaining({ code: 'too_many_scopes' }));
    expect(() => parseScopes(many.slice(1))).not.toThrow();
  });

  it('refuses more than 1000 texts, also where they repeat one scope', () => {
    const many = Array.from({ length: 1001 }, () => 'repository:a:pull');

    expect(() => parseScopes(many)).toThrow(expect.objectContaining({ code: 'too_many_scopes' }));
    expect(() => parseScopes([many.join(' ')])).toThrow(expect.objectContaining({ code: 'too_many_scopes' }));
    expect(parseScopes(many.slice(1)).scopes).toHaveLength(1);
  });

  it('gives a repeated scope no more actions than one scope may have', () => {
    const texts = Array.from({ length: 20 }, (_, n) => `repository:a:action${n}`);

    const { scopes, malformed } = parseScopes([...texts, 'repository:a:action0', 'repository:b:pull']);

    expect(scopes.map(({ actions }) => actions.length)).toEqual([16, 1]);
    expect(malformed).toEqual(texts.slice(16));
  });
});
