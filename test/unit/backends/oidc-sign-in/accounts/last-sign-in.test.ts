/** Accounts as of their last sign-in. */
import { describe, expect, it } from 'vitest';
import { createLastSignInAccounts } from '../../../../../src/backends/oidc-sign-in/accounts/last-sign-in.ts';
import { parseSignedInAccount } from '../../../../../src/core/signed-in-account.ts';
import type { SignedInAccounts } from '../../../../../src/core/signed-in-account.ts';
import { memoryStore } from '../../../../../src/platform/store/memory.ts';
import { lookUp, recordSignIn, person, signedIn } from '../../../../support/account-sources.ts';
import { fixedClock } from '../../../../support/fakes.ts';

const DAY = 86_400;
const alice = person('alice');
const newAlice = { ...alice, subject: 'sub-of-another' };

function setUp() {
  const clock = fixedClock();
  const store: SignedInAccounts = memoryStore({ maxEntries: 100, clock });
  const accounts = (backend: string) => createLastSignInAccounts({ backend, store, every: 30 * DAY, clock });
  return { clock, store, sso: accounts('sso'), other: accounts('other') };
}

describe('an account of a provider', () => {
  it('is awake until its time is over, asleep afterwards, and awake after the next sign-in', async () => {
    const { clock, sso } = setUp();
    await recordSignIn(sso, signedIn(alice));
    clock.advance(30 * DAY - 1);
    const awake = await lookUp(sso, alice);
    clock.advance(1);
    const asleep = await lookUp(sso, alice);
    await recordSignIn(sso, signedIn(alice));

    expect(awake).toEqual({ kind: 'authenticated', identity: alice });
    expect(asleep).toMatchObject({ kind: 'rejected', reason: 'sign-in-due' });
    expect(await lookUp(sso, alice)).toMatchObject({ kind: 'authenticated' });
  });

  it('is found by its id alone, so that a new account under an old name is another one', async () => {
    const { sso, other } = setUp();
    await recordSignIn(sso, signedIn(alice));

    expect(await lookUp(sso, newAlice)).toEqual({ kind: 'unknown-user' });
    expect(await lookUp(other, alice)).toEqual({ kind: 'unknown-user' });
  });

  it('waits more than a year for its owner', async () => {
    const { clock, sso } = setUp();
    await recordSignIn(sso, signedIn(alice));
    clock.advance(366 * DAY);

    expect(await lookUp(sso, alice)).toMatchObject({ reason: 'sign-in-due' });
  });

  it('is read from its record as it was written, and from nothing else', async () => {
    const { sso, store } = setUp();
    await recordSignIn(sso, signedIn(alice));
    const [entry] = await store.list();
    const json: unknown = JSON.parse(JSON.stringify(entry?.value));

    expect(parseSignedInAccount(json)).toEqual(entry?.value);
    for (const broken of [null, {}, { ...entry?.value, identity: {} }, { ...entry?.value, lastSignIn: 'now' }]) {
      expect(parseSignedInAccount(broken)).toBeUndefined();
    }
  });
});
