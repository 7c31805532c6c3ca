import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GroupName, Identity } from '../../../../src/core/identity.ts';
import { createLoginCache } from '../../../../src/platform/ledger/login-cache.ts';
import { identity } from '../../../support/fake-backend.ts';
import { fixedClock } from '../../../support/fakes.ts';

const MAX_ENTRIES = 50;

function setUp() {
  const clock = fixedClock();
  const cache = createLoginCache({ clock, maxEntries: MAX_ENTRIES });
  const put = (login: string, account: string, user: Identity = identity(account)): void =>
    cache.put({ login, account, identity: user, name: `name of ${account}`, epoch: 7, freshSeconds: 60, seconds: 600 });
  return { clock, cache, put, userOf: (login: string) => cache.get(login)?.identity.username };
}

/** Not the same objects each time. */
const withGroups = (user: string, groups: readonly string[]): Identity => ({
  ...identity(user),
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- canonical names
  groups: new Set(groups as readonly GroupName[]),
  attributes: new Map([['attr:department', ['sales']]]),
});

describe('the cache of logins', () => {
  it('returns what was put, for as long as it was put', () => {
    const { clock, cache, put } = setUp();
    const user = withGroups('alice', ['team-web', 'all']);
    put('alice/right', 'alice', user);

    expect(cache.get('alice/right')).toMatchObject({ identity: user, isFresh: true, epoch: 7 });
    clock.advance(60);
    expect(cache.get('alice/right')).toMatchObject({ identity: user, isFresh: false });
    clock.advance(540);
    expect(cache.get('alice/right')).toBeUndefined();
  });

  it('returns the same identity each time, and another one after the next login at the backend', () => {
    const { cache, put } = setUp();
    put('alice/right', 'alice', withGroups('alice', ['team-web']));
    const first = cache.get('alice/right')?.identity;

    expect(first).toBeDefined();
    expect(cache.get('alice/right')?.identity).toBe(first);
    put('alice/right', 'alice', withGroups('alice', ['team-web']));
    expect(cache.get('alice/right')?.identity).toEqual(first);
    expect(cache.get('alice/right')?.identity).not.toBe(first);
  });

  it('has one login of an account, the latest', () => {
    const { cache, put, userOf } = setUp();
    put('alice/old', 'alice');
    put('alice/new', 'alice');

    expect([userOf('alice/old'), userOf('alice/new'), cache.size()]).toEqual([undefined, 'alice', 1]);
  });

  it('has one account of a login, the latest', () => {
    const { cache, put, userOf } = setUp();
    put('a/right', 'before');
    put('a/right', 'after');

    expect([userOf('a/right'), cache.size()]).toEqual(['after', 1]);
    cache.end('before');
    expect(userOf('a/right')).toBe('after');
  });

  it('ends the login of an account and no other', () => {
    const { put, cache, userOf } = setUp();
    put('alice/right', 'alice');
    put('bob/right', 'bob');

    cache.end('alice');
    cache.end('nobody');

    expect([userOf('alice/right'), userOf('bob/right')]).toEqual([undefined, 'bob']);
  });

  it('gives a slot to another account without anything of the account before', () => {
    const { put, cache, userOf } = setUp();
    for (let n = 0; n < MAX_ENTRIES * 3; n += 1) put(`login ${n}`, `account ${n}`);

    const users = Array.from({ length: MAX_ENTRIES * 3 }, (_, n) => userOf(`login ${n}`));

    expect(users).toEqual(users.map((_, n) => (n < MAX_ENTRIES * 2 ? undefined : `account ${n}`)));
    expect(cache.size()).toBe(MAX_ENTRIES);
  });

  it('shares equal groups and attributes of users, and only equal ones', () => {
    const { cache, put } = setUp();
    for (const [user, groups] of [
      ['a', ['x', 'y']],
      ['b', ['x', 'y']],
      ['c', ['x,y']],
      ['d', ['y', 'x']],
      ['e', []],
    ] as const) {
      put(user, user, withGroups(user, groups));
    }
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((user) => cache.get(user)?.identity);

    expect(a?.groups).toBe(b?.groups);
    expect(a?.attributes).toBe(b?.attributes);
    expect([a, c, d, e].map((user) => [...(user?.groups ?? [])])).toEqual([['x', 'y'], ['x,y'], ['y', 'x'], []]);
  });

  it('returns an identity equal to each that was put, whatever parts it shares with others', () => {
    const text = fc.constantFrom('a', 'b', 'a,b', '');
    const anyIdentity = fc.record(
      {
        username: text,
        backend: text,
        caseless: fc.boolean(),
        groups: fc.array(text, { maxLength: 2 }).map((names) => new Set(names)),
        attributes: fc
          .array(fc.tuple(text, fc.array(text, { maxLength: 1 })), { maxLength: 1 })
          .map((entries) => new Map(entries)),
        subject: text,
        notAfter: fc.nat(),
      },
      { requiredKeys: ['username', 'backend', 'caseless', 'groups', 'attributes'] },
    );
    fc.assert(
      fc.property(fc.array(anyIdentity, { maxLength: MAX_ENTRIES }), (identities) => {
        const { cache, put } = setUp();
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- texts in place of names
        for (const [n, user] of identities.entries()) put(`login ${n}`, `account ${n}`, user as unknown as Identity);

        expect(identities.map((_, n) => cache.get(`login ${n}`)?.identity)).toEqual(identities);
      }),
    );
  });
});
