/** Groups in objects, by their path. */
import { describe, expect, it } from 'vitest';
import { objectsHint, parseGroupPath, readGroups } from '../../../../../src/backends/oidc/client/group-path.ts';
import type { GroupPath } from '../../../../../src/backends/oidc/client/group-path.ts';

const CLAIMS = {
  groups: [
    { name: 'team-web', id: 1 },
    { name: 'team-api', id: 2 },
  ],
  realm_access: { roles: ['auditor'] },
  'a.b': ['literal'],
  a: { b: ['nested'], c: ['deep'] },
  'https://example.com/groups': [{ name: 'namespaced' }],
  'urn:zitadel:iam:org:project:roles': { 'team-web': { 1: 'corp.example' }, 'team-api': {} },
  resource_access: { one: { roles: ['x', 'y'] }, two: { roles: ['z'] } },
  empty: [],
  nothing: null,
  text: 'team-web',
  holes: [{ name: 'team-web' }, { id: 2 }],
  blanks: [{ name: 'team-web' }, { name: null }],
};

function path(text: string): GroupPath {
  const parsed = parseGroupPath(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

describe('a path of groups', () => {
  it.each<[string, unknown]>([
    ['groups[].name', ['team-web', 'team-api']],
    ['/groups[]/name', ['team-web', 'team-api']],
    ['realm_access.roles', ['auditor']],
    ['/realm_access/roles', ['auditor']],
    ['a.b', ['literal']],
    ['/a/b', ['nested']],
    ['a.c', ['deep']],
    ['https://example.com/groups[].name', ['namespaced']],
    ['urn:zitadel:iam:org:project:roles{}', ['team-web', 'team-api']],
    ['/urn:zitadel:iam:org:project:roles{}', ['team-web', 'team-api']],
    ['resource_access[].roles', ['x', 'y', 'z']],
    ['resource_access[].roles[]', ['x', 'y', 'z']],
    ['resource_access{}', ['one', 'two']],
    ['empty[].name', []],
    ['empty[]', []],
    ['text', 'team-web'],
  ])('%s reads %j', (text, value) => {
    expect(readGroups(CLAIMS, path(text))).toEqual({ kind: 'found', value });
  });

  it.each([
    'missing',
    'missing[].name',
    'missing{}',
    'realm_access.missing',
    'nothing',
    'nothing[].name',
    'constructor',
    'a.constructor',
  ])('%s finds no claim', (text) => {
    expect(readGroups(CLAIMS, path(text))).toEqual({ kind: 'missing' });
  });

  it.each([
    ['holes[].name', 'has an entry without the name after []'],
    ['blanks[].name', 'has an entry without the name after []'],
    ['groups[].name.first', 'has an entry without the name after []'],
    ['text[]', 'is neither a list nor an object, as [] expects'],
    ['groups{}', 'is not an object, whose names are expected as groups ({})'],
  ])('%s is not usable, so that no group is missing: it %s', (text, problem) => {
    expect(readGroups(CLAIMS, path(text))).toEqual({ kind: 'unusable', problem });
  });

  it.each(['[]', '{}', '[].name', 'a{}.b', 'a{}[]', 'a[]b', 'a[].', '/a[]b', '/a//b', '/', '/a~2'])(
    'cannot be %s',
    (text) => {
      expect(parseGroupPath(text)).toEqual(expect.stringContaining('expected'));
    },
  );

  it.each([
    ['groups[].name', ['groups']],
    ['/groups[]/name', ['groups']],
    ['realm_access.roles', ['realm_access.roles', 'realm_access']],
  ])('%s may be in the claims %j', (text, claims) => {
    expect(path(text).claims).toEqual(claims);
  });
});

describe('a suggestion for groups in objects', () => {
  it.each<[string, unknown, string]>([
    ['groups', [{ id: 1, name: 'a' }], ": it holds objects; set claims.groups to 'groups[].id' or 'groups[].name'"],
    ['/a/groups', [{ id: 1 }], ": it holds objects; set claims.groups to '/a/groups[]/id'"],
    ['roles', { admin: {} }, ": it holds objects; set claims.groups to 'roles{}' for the names in it or 'roles.admin'"],
    ['groups', [{ 'no name\n': 1 }], ": it holds objects; set claims.groups to 'groups[].NAME'"],
    ['groups[]', [{ id: 1 }], ": it holds objects; set claims.groups to 'groups[].id'"],
    ['groups', ['a', 7], ''],
  ])('for %s is in the notation of the path', (text, value, hint) => {
    expect(objectsHint(path(text), value)).toBe(hint);
  });
});
