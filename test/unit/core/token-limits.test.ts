import { describe, expect, it } from 'vitest';
import type { Action } from '../../../src/core/access.ts';
import { parseScope } from '../../../src/core/scope.ts';
import { limitsOf, narrow, parseStoredLimits } from '../../../src/core/token-limits.ts';
import type { StoredLimit } from '../../../src/core/token-limits.ts';

const REGISTRY = 'registry.example.com';
const limit = (repositories: readonly string[], actions: readonly Action[], service = REGISTRY): StoredLimit => ({
  service,
  repositories,
  actions,
});

function narrowed(scope: string, granted: readonly Action[], limits: readonly StoredLimit[] | undefined) {
  const asked = parseScope(scope);
  if (asked === undefined) throw new Error(`not a scope: ${scope}`);
  const { granted: left, limited } = narrow({ asked, granted, because: [] }, REGISTRY, limitsOf(limits));
  return { left, limited };
}

describe('the limits of a token', () => {
  it.each<[string, string, readonly Action[], readonly StoredLimit[], readonly Action[], readonly Action[]]>([
    ['allow their actions', 'repository:web/a:pull', ['pull'], [limit(['web/**'], ['pull'])], ['pull'], []],
    [
      'take other actions',
      'repository:web/a:pull,push',
      ['pull', 'push'],
      [limit(['web/**'], ['pull'])],
      ['pull'],
      ['push'],
    ],
    ['take other repositories', 'repository:api/a:pull', ['pull'], [limit(['web/**'], ['pull'])], [], ['pull']],
    ['take other registries', 'repository:web/a:pull', ['pull'], [limit(['**'], ['*'], 'other')], [], ['pull']],
    ['add nothing', 'repository:web/a:pull,push', ['pull'], [limit(['**'], ['*'])], ['pull'], []],
    [
      'allow what several allow together',
      'repository:web/a:pull,push',
      ['pull', 'push'],
      [limit(['web/*'], ['pull']), limit(['*/a'], ['push'])],
      ['pull', 'push'],
      [],
    ],
    [
      'allow all actions with *',
      'repository:web/a:*',
      ['pull', 'push', 'delete', '*'],
      [limit(['web/a'], ['*'])],
      ['pull', 'push', 'delete', '*'],
      [],
    ],
    [
      'take * from what has three actions',
      'repository:web/a:*',
      ['pull', 'push', 'delete', '*'],
      [limit(['web/a'], ['pull', 'push', 'delete'])],
      ['pull', 'push', 'delete'],
      ['*'],
    ],
    ['allow nothing when the list is empty', 'repository:web/a:pull', ['pull'], [], [], ['pull']],
    [
      'allow the catalog to a token that may read everything',
      'registry:catalog:*',
      ['*'],
      [limit(['**'], ['pull'])],
      ['*'],
      [],
    ],
    ['allow the catalog of zot likewise', 'repository::pull', ['pull'], [limit(['**'], ['*'])], ['pull'], []],
    [
      'take the catalog otherwise',
      'registry:catalog:*',
      ['*'],
      [limit(['web/**'], ['*']), limit(['**'], ['push'])],
      [],
      ['*'],
    ],
    ['take the catalog of zot otherwise', 'repository::pull', ['pull'], [limit(['*'], ['*'])], [], ['pull']],
    ['take what is no repository name', 'repository:Web/A:pull', ['pull'], [limit(['**'], ['*'])], [], ['pull']],
    ['take other types', 'plugin:web/a:pull', ['pull'], [limit(['**'], ['*'])], [], ['pull']],
  ])('%s', (_what, scope, granted, limits, left, taken) => {
    expect(narrowed(scope, granted, limits)).toEqual({ left, limited: taken.length === 0 ? undefined : taken });
  });

  it('change nothing when there are none', () => {
    expect(narrowed('repository:web/a:pull', ['pull'], undefined)).toEqual({ left: ['pull'], limited: undefined });
  });

  it('are refused when they are too many, and accepted up to that number', () => {
    const many = Array.from({ length: 50 }, () => limit(['a'], ['pull']));

    expect(parseStoredLimits(many)).toHaveLength(50);
    expect(parseStoredLimits([...many, ...many])).toBe('expected at most 50 limits');
  });

  it('are an error where they cannot be read, and never none', () => {
    expect(() => limitsOf([limit(['web//x'], ['pull'])])).toThrow('the limits of a token are not valid');
  });
});
