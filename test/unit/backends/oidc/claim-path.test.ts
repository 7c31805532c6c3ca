import { describe, expect, it } from 'vitest';
import { parseClaimPath, readClaim } from '../../../../src/backends/oidc/claim-path.ts';

const CLAIMS = {
  groups: ['a'],
  'https://example.com/groups': ['b'],
  'a.b': 'dotted',
  realm_access: { roles: ['c'] },
  resource_access: { 'my/client': { '~roles': ['d'] } },
  nothing: null,
};

function read(text: string): unknown {
  const path = parseClaimPath(text);
  if (typeof path === 'string') throw new Error(path);
  return readClaim(CLAIMS, path);
}

describe('a claim path', () => {
  it.each([
    ['groups', ['a']],
    ['https://example.com/groups', ['b']],
    ['a.b', 'dotted'],
    ['/groups', ['a']],
    ['/realm_access/roles', ['c']],
    ['/resource_access/my~1client/~0roles', ['d']],
  ])('%s finds what stands there', (text, value) => {
    expect(read(text)).toEqual(value);
  });

  it.each([
    'missing',
    '/realm_access/none',
    '/groups/0',
    '/realm_access/roles/length',
    'nothing',
    '/a/b',
    'constructor',
    '/__proto__/x',
  ])('%s finds nothing', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it.each(['/', '//', '/a/', '/a//b', '/a~2', '/a~'])('%s is refused', (text) => {
    expect(parseClaimPath(text)).toEqual(expect.stringContaining('expected'));
  });
});
