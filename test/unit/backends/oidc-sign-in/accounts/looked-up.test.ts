/** Accounts that the provider is asked for at each use. */
import { describe, expect, it } from 'vitest';
import { createLookedUpAccounts } from '../../../../../src/backends/oidc-sign-in/accounts/looked-up.ts';
import type { DirectoryEntry } from '../../../../../src/backends/oidc-sign-in/accounts/looked-up.ts';
import { BrokerError } from '../../../../../src/core/errors.ts';
import type { SignedInAccounts } from '../../../../../src/core/signed-in-account.ts';
import { memoryStore } from '../../../../../src/platform/store/memory.ts';
import { lookUp, recordSignIn, NO_SESSION, person, signedIn } from '../../../../support/account-sources.ts';
import { fixedClock } from '../../../../support/fakes.ts';

const alice = person('alice', ['team-web']);

function setUp() {
  const clock = fixedClock();
  const store: SignedInAccounts = memoryStore({ maxEntries: 100, clock });
  const found: DirectoryEntry = { kind: 'found', identity: alice, name: 'alice@example.com' };
  const world = { entry: found as DirectoryEntry | 'down', asked: [] as string[] };
  const sso = createLookedUpAccounts({
    backend: 'sso',
    store,
    clock,
    open: async () => NO_SESSION,
    directory: {
      idOf: () => 'object-1',
      find: async (_session, id) => {
        world.asked.push(id);
        if (world.entry === 'down') throw new BrokerError('backend_unavailable', 'the provider is down');
        return world.entry;
      },
    },
  });
  return { clock, store, world, found, sso };
}

describe('an account that is looked up at the provider', () => {
  it('is asked for once a minute, by the id of the provider, however many requests there are', async () => {
    const { clock, world, sso } = setUp();
    await recordSignIn(sso, signedIn(alice));
    world.asked = [];

    const together = await Promise.all([lookUp(sso, alice), lookUp(sso, alice)]);
    clock.advance(59);
    await lookUp(sso, alice);
    const inAMinute = [...world.asked];
    clock.advance(1);
    await lookUp(sso, alice);

    expect(together.map(({ kind }) => kind)).toEqual(['authenticated', 'authenticated']);
    expect([inAMinute, world.asked]).toEqual([['object-1'], ['object-1', 'object-1']]);
  });

  it('is refused a minute after it was disabled, and has its current groups', async () => {
    const { clock, world, found, sso } = setUp();
    await recordSignIn(sso, signedIn(alice));
    world.entry = { ...found, identity: person('alice', ['team-api']) };
    const moved = await lookUp(sso, alice);
    world.entry = { kind: 'disabled' };
    clock.advance(60);
    const disabled = await lookUp(sso, alice);
    world.entry = { kind: 'missing' };
    clock.advance(60);

    expect(moved).toMatchObject({ identity: { groups: new Set(['team-api']) } });
    expect(disabled).toMatchObject({ kind: 'rejected', reason: 'disabled' });
    expect(await lookUp(sso, alice)).toEqual({ kind: 'unknown-user' });
  });

  it('cannot be checked while the provider is down, and an outage is not cached', async () => {
    const { clock, world, found, sso } = setUp();
    await recordSignIn(sso, signedIn(alice));
    await lookUp(sso, alice);
    world.entry = 'down';
    const cached = await lookUp(sso, alice);
    clock.advance(60);

    await expect(lookUp(sso, alice)).rejects.toMatchObject({ code: 'backend_unavailable' });
    world.entry = found;
    expect([cached, await lookUp(sso, alice)]).toMatchObject([{ kind: 'authenticated' }, { kind: 'authenticated' }]);
  });

  it('is looked up again after caches were cleared, and after a sign-in', async () => {
    const { world, found, sso } = setUp();
    await recordSignIn(sso, signedIn(alice));
    await lookUp(sso, alice);
    world.entry = { kind: 'disabled' };
    sso.clearCaches?.();
    const cleared = await lookUp(sso, alice);
    world.entry = found;
    await recordSignIn(sso, signedIn(alice));

    expect(cleared).toMatchObject({ reason: 'disabled' });
    expect(await lookUp(sso, alice)).toMatchObject({ kind: 'authenticated' });
  });

  it('is asleep until the next sign-in when the provider has given it another name', async () => {
    const { world, found, sso } = setUp();
    await recordSignIn(sso, signedIn(alice));
    world.entry = { ...found, name: 'alice.married@example.com' };
    const renamed = await lookUp(sso, alice);
    await recordSignIn(sso, signedIn(alice));

    expect(renamed).toMatchObject({ kind: 'rejected', reason: 'sign-in-due' });
    expect(await lookUp(sso, alice)).toMatchObject({ kind: 'authenticated' });
  });

  it('is asleep when its last sign-in was under another setting', async () => {
    const { store, sso } = setUp();
    await recordSignIn(sso, signedIn(alice));
    const [entry] = await store.list();
    if (entry === undefined) throw new Error('the sign-in is recorded');
    const { atSource: _, ...older } = entry.value;
    await store.put(entry.key, older, 1000);

    expect(await lookUp(sso, alice)).toMatchObject({ reason: 'sign-in-due' });
  });

  it.each(['disabled', 'missing'] as const)('signs nobody in whose account is %s', async (kind) => {
    const { store, world, sso } = setUp();
    world.entry = { kind };

    expect(await recordSignIn(sso, signedIn(alice))).toMatchObject({ kind: 'refused' });
    expect(await store.list()).toEqual([]);
  });

  it('signs nobody in whose groups it would lose, because a rule that denies would not match any more', async () => {
    const { store, sso } = setUp();
    const mapped = person('alice', ['team-web', 'contractors']);

    await expect(recordSignIn(sso, signedIn(mapped))).rejects.toThrow(
      /groups that accounts\.from does not find.*contractors/,
    );
    expect(await store.list()).toEqual([]);
  });
});
