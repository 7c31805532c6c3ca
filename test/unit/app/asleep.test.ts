/** Which accounts are shown as asleep. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createFindAsleep } from '../../../src/app/asleep.ts';
import { backendConfig } from '../../../src/backends/index.ts';
import type { BackendConfig } from '../../../src/backends/index.ts';
import { createLastSignInAccounts } from '../../../src/backends/oidc-sign-in/accounts/last-sign-in.ts';
import { encodeIdentity } from '../../../src/core/identity-record.ts';
import { accountKey } from '../../../src/core/signed-in-account.ts';
import type { SignedInAccount, SignedInAccounts } from '../../../src/core/signed-in-account.ts';
import { memoryStore } from '../../../src/platform/store/memory.ts';
import { lookUp, person, recordSignIn, signedIn } from '../../support/account-sources.ts';
import { fixedClock } from '../../support/fakes.ts';

const DAY = 86_400;
const alice = person('alice');
const ALICE = { backend: 'sso', subject: alice.subject };

function signInConfig(accounts: Readonly<Record<string, unknown>>): BackendConfig {
  return z.parse(backendConfig, {
    name: 'sso',
    type: 'oidc-sign-in',
    issuer: 'https://id.example.com/realms/corp',
    client: { id: 'fairlead', secret: { env: 'NOT_READ' } },
    accounts,
  });
}

const LOCAL = z.parse(backendConfig, { name: 'local', type: 'static-file', file: '/etc/users.yaml' });

function setUp(config: BackendConfig) {
  const clock = fixedClock();
  const stored: SignedInAccounts = memoryStore({ maxEntries: 100, clock });
  let reads = 0;
  const store: SignedInAccounts = {
    ...stored,
    get: (key) => {
      reads += 1;
      return stored.get(key);
    },
    list: () => {
      reads += 1;
      return stored.list();
    },
  };
  const find = createFindAsleep([LOCAL, config], store, clock);
  const put = (more: Partial<SignedInAccount>): Promise<void> => {
    const account = { ...ALICE, identity: encodeIdentity(alice), lastSignIn: clock.now(), ...more };
    return stored.put(accountKey(account), account, 400 * DAY);
  };
  const isAsleep = async (): Promise<boolean> => (await find([ALICE]))(ALICE);
  return { clock, store: stored, find, put, isAsleep, reads: () => reads };
}

describe('an account', () => {
  it('of a last sign-in is shown as asleep exactly when its credentials are refused', async () => {
    const { clock, store, isAsleep } = setUp(signInConfig({ from: 'sign-in', every: '30d' }));
    const source = createLastSignInAccounts({ backend: 'sso', store, every: 30 * DAY, clock });
    await recordSignIn(source, signedIn(alice));

    const seen: unknown[] = [];
    for (const seconds of [0, 30 * DAY - 1, 1, 300 * DAY]) {
      clock.advance(seconds);
      seen.push([await isAsleep(), (await lookUp(source, alice)).kind]);
    }
    await recordSignIn(source, signedIn(alice));

    expect(seen).toEqual([
      [false, 'authenticated'],
      [false, 'authenticated'],
      [true, 'rejected'],
      [true, 'rejected'],
    ]);
    expect(await isAsleep()).toBe(false);
  });

  it('that is checked with a refresh token is asleep without one', async () => {
    const { put, isAsleep } = setUp(signInConfig({ from: 'refresh-token' }));
    await put({});
    const without = await isAsleep();
    await put({ refresh: { token: 'sealed', checkedAt: 1, busyUntil: 0, hasFailed: false } });

    expect([without, await isAsleep()]).toEqual([true, false]);
  });

  it('that the provider is asked about is asleep when the last sign-in was under another setting', async () => {
    const { put, isAsleep } = setUp(signInConfig({ from: 'keycloak' }));
    await put({});
    const without = await isAsleep();
    await put({ atSource: { id: 'x' } });

    expect([without, await isAsleep()]).toEqual([true, false]);
  });

  it('that nothing is stored of is not asleep, but gone', async () => {
    const { isAsleep } = setUp(signInConfig({ from: 'refresh-token' }));

    expect(await isAsleep()).toBe(false);
  });

  it('of another backend, or a robot, is never asleep, and nothing is read for it', async () => {
    const { find, reads } = setUp(signInConfig({ from: 'backend', backend: 'local' }));
    const owners = [
      { backend: 'local', subject: 'alice' },
      { kind: 'robot', robot: 'web-ci', createdBy: { kind: 'account', ...ALICE, login: 'alice', username: 'alice' } },
      { backend: 'removed', subject: 'alice' },
    ] as const;

    const isAsleep = await find(owners);

    expect(owners.map((owner) => isAsleep(owner))).toEqual([false, false, false]);
    expect(reads()).toBe(0);
  });

  it.each([
    [10, 10],
    [50, 1],
  ])('is read once of %i accounts with two credentials each: %i reads', async (count, expected) => {
    const { find, put, reads } = setUp(signInConfig({ from: 'refresh-token' }));
    const owners = Array.from({ length: count }, (_, index) => ({ backend: 'sso', subject: `sub-${index}` }));
    for (const owner of owners.slice(0, 5)) await put(owner);

    const isAsleep = await find([...owners, ...owners]);

    expect(owners.filter(isAsleep)).toEqual(owners.slice(0, 5));
    expect(reads()).toBe(expected);
  });
});
