import { describe, expect, it } from 'vitest';
import { groupName } from '../../../src/core/groups.ts';
import { ANONYMOUS, username } from '../../../src/core/identity.ts';
import type { Caller, Identity, Via } from '../../../src/core/identity.ts';
import { apiAccessOf } from '../../../src/flows/api-access.ts';
import type { ApiUsers } from '../../../src/flows/api-access.ts';

const USERS: ApiUsers = {
  admins: { users: ['Root'], groups: ['CN=Admins,DC=example,DC=org', 'Operators'] },
  readers: { users: ['robot:monitor'], groups: ['support'] },
};

function caller(
  { name = 'alice', groups = [], caseless = false }: { name?: string; groups?: readonly string[]; caseless?: boolean },
  via: Via | undefined = { kind: 'personal-token', id: 'abc', api: 'admin' },
  stale = false,
): Caller {
  const identity: Identity = {
    username: username(name),
    groups: new Set(groups.map((group) => groupName(group, { lowercase: caseless }))),
    backend: 'corp',
    caseless,
    attributes: new Map(),
  };
  return { kind: 'user', identity, stale, ...(via === undefined ? {} : { via }) };
}

describe('what a token may do at the API', () => {
  it.each([
    ['admin', 'Root', 'admin'],
    ['read', 'Root', 'read'],
    ['admin', 'robot:monitor', 'read'],
    ['read', 'robot:monitor', 'read'],
    ['admin', 'alice', undefined],
    [undefined, 'Root', undefined],
  ] as const)('with the limit %s and the owner %s is %s: the least of both', (api, name, access) => {
    const via: Via = { kind: 'personal-token', id: 'abc', ...(api === undefined ? {} : { api }) };

    expect(apiAccessOf(caller({ name }, via), USERS)).toBe(access);
  });

  it('depends on the groups that the owner has now', () => {
    expect(apiAccessOf(caller({ groups: ['Operators'] }), USERS)).toBe('admin');
    expect(apiAccessOf(caller({ groups: ['support'] }), USERS)).toBe('read');
    expect(apiAccessOf(caller({ groups: ['web'] }), USERS)).toBeUndefined();
  });

  it('compares names as the backend of the owner does, and DNs as DNs', () => {
    expect(apiAccessOf(caller({ name: 'root' }), USERS)).toBeUndefined();
    expect(apiAccessOf(caller({ name: 'root', caseless: true }), USERS)).toBe('admin');
    expect(apiAccessOf(caller({ groups: ['operators'] }), USERS)).toBeUndefined();
    expect(apiAccessOf(caller({ groups: ['operators'], caseless: true }), USERS)).toBe('admin');
    expect(apiAccessOf(caller({ groups: ['cn=admins, dc=Example, dc=org'] }), USERS)).toBe('admin');
  });

  it.each([
    ['the password', undefined],
    ['a refresh token', { kind: 'refresh-token', id: 'abc', api: 'admin' }],
    ['a session', { kind: 'session', id: 'abc', api: 'admin' }],
  ] as const)('is nothing for a caller who came with %s', (_what, via) => {
    const { via: _none, ...rest } = caller({ name: 'Root' }) as Extract<Caller, { kind: 'user' }>;

    expect(apiAccessOf(via === undefined ? rest : { ...rest, via }, USERS)).toBeUndefined();
  });

  it('is nothing for an earlier login that stands in for a backend that is down, and for nobody', () => {
    expect(apiAccessOf(caller({ name: 'Root' }, undefined, true), USERS)).toBeUndefined();
    expect(apiAccessOf(ANONYMOUS, USERS)).toBeUndefined();
  });
});
