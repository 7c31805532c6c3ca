import { describe, expect, it } from 'vitest';
import { isCanonicalName, isGroupText, unsendable } from '../../../src/backends/names.ts';
import { Secret } from '../../../src/core/identity.ts';

const reasonFor = (username: string, password: string) => unsendable({ username, password: new Secret(password) });

describe('a login that is not sent to its source', () => {
  it.each([
    ['the empty name', '', 'secret', 'invalid-name'],
    ['a name of 257 characters', 'a'.repeat(257), 'secret', 'invalid-name'],
    ['a name with a control character', 'ali\nce', 'secret', 'invalid-name'],
    ['a name with half a surrogate pair', 'ali\uD800', 'secret', 'invalid-name'],
    ['the empty password', 'alice', '', 'empty-password'],
    ['a password of 1025 characters', 'alice', 'x'.repeat(1025), 'wrong-password'],
    ['a password with NUL', 'alice', 'sec\0ret', 'wrong-password'],
    ['a password with half a surrogate pair', 'alice', 'sec\uD800ret', 'wrong-password'],
  ])('has %s', (_what, username, password, reason) => {
    expect(reasonFor(username, password)).toBe(reason);
  });

  it.each([
    ['alice', ' '],
    ['jösé 漢字 😀', 'pä\tß 漢 😀'],
    ['a'.repeat(256), 'x'.repeat(1024)],
  ])('is not that of %j with the password %j', (username, password) => {
    expect(reasonFor(username, password)).toBeUndefined();
  });
});

describe('a name from a source', () => {
  it.each(['alice', 'Alice Smith', 'a'.repeat(256)])('may be the user name %j', (name) => {
    expect(isCanonicalName(name)).toBe(true);
  });

  it.each([7, '', ' alice', 'alice ', 'a\u0000', 'a'.repeat(257)])('may not be the user name %j', (name) => {
    expect(isCanonicalName(name)).toBe(false);
  });

  it('may be a group of 1024 characters, and no longer one', () => {
    expect([isGroupText('g'.repeat(1024)), isGroupText('g'.repeat(1025)), isGroupText('a\nb')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
