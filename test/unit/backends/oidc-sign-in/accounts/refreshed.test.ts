/** Accounts that are checked with a refresh token of the provider. The provider of these tests ends a token that is used twice. */
import { describe, expect, it } from 'vitest';
import type { RedeemRefreshToken } from '../../../../../src/backends/oidc-sign-in/accounts/redeem.ts';
import { createRefreshedAccounts } from '../../../../../src/backends/oidc-sign-in/accounts/refreshed.ts';
import type { SignedInIdentity } from '../../../../../src/core/sign-in.ts';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { BrokerError } from '../../../../../src/core/errors.ts';
import { parseSignedInAccount } from '../../../../../src/core/signed-in-account.ts';
import type { SignedInAccounts } from '../../../../../src/core/signed-in-account.ts';
import { endableProviderTokens } from '../../../../../src/flows/sign-in/provider-tokens.ts';
import { createSealing } from '../../../../../src/platform/sealing.ts';
import { memoryStore } from '../../../../../src/platform/store/memory.ts';
import { lookUp, recordSignIn, person, signedIn } from '../../../../support/account-sources.ts';
import { fixedClock, realClock, recordingLog } from '../../../../support/fakes.ts';

const MINUTE = 60;
const alice = person('alice', ['team-web']);

interface FakeProvider {
  /** The token that it accepts; undefined: none, for example because the account is disabled. */
  valid: string | undefined;
  isDown: boolean;
  /** Whether it is down for what comes after the token endpoint. */
  isUserinfoDown: boolean;
  groups: readonly string[];
  /** How often it was asked. */
  redeemed: number;
  /** Holds answers back until it is resolved. */
  pause: Promise<void>;
  /** Resolved once a token has been replaced. */
  readonly hasReplaced: PromiseWithResolvers<void>;
}

function setUp() {
  const clock = fixedClock();
  const log = recordingLog();
  const store: SignedInAccounts = memoryStore({ maxEntries: 100, clock });
  const keys = memoryStore<{ readonly key: string; readonly createdAt: number }>({ maxEntries: 100, clock });
  const sealing = createSealing({ store: keys, clock, use: 'accounts' });
  const provider: FakeProvider = {
    valid: 'token-0',
    isDown: false,
    isUserinfoDown: false,
    groups: ['team-web'],
    redeemed: 0,
    pause: Promise.resolve(),
    hasReplaced: Promise.withResolvers(),
  };
  const redeem: RedeemRefreshToken = async ({ token, last }, replace) => {
    provider.redeemed += 1;
    const attempt = provider.redeemed;
    if (provider.isDown) throw new BrokerError('backend_unavailable', 'the provider is down');
    if (token !== provider.valid) {
      provider.valid = undefined;
      return { kind: 'refused', detail: 'invalid_grant' };
    }
    provider.valid = `token-${attempt}`;
    await replace(provider.valid);
    provider.hasReplaced.resolve();
    await provider.pause;
    if (provider.isUserinfoDown) throw new BrokerError('backend_unavailable', 'userinfo is down');
    return { kind: 'current', identity: { ...person(last.username, provider.groups), subject: last.subject } };
  };
  const broker = () => createRefreshedAccounts({ backend: 'sso', store, clock, sealing, redeem, log });
  const signIn = (who: SignedInIdentity = alice, token = 'token-0') =>
    recordSignIn(broker(), signedIn(who, { refreshToken: token }));
  return { clock, log, store, keys, provider, broker, signIn };
}

const recordOf = async (store: SignedInAccounts) => (await store.list())[0]?.value;

describe('an account with a refresh token of the provider', () => {
  it('is checked at most every 15 minutes, and has the groups of the last check', async () => {
    const { clock, provider, broker, signIn } = setUp();
    const sso = broker();
    await signIn();
    provider.groups = ['team-api'];
    clock.advance(15 * MINUTE - 1);

    const before = await lookUp(sso, alice);
    const askedBefore = provider.redeemed;
    clock.advance(1);
    const after = await lookUp(sso, alice);
    await lookUp(sso, alice);

    expect([before, askedBefore]).toEqual([{ kind: 'authenticated', identity: alice }, 0]);
    expect(after).toMatchObject({ identity: { groups: new Set(['team-api']) } });
    expect(provider.redeemed).toBe(1);
  });

  it('falls asleep when the provider refuses its token, and is awake after the next sign-in', async () => {
    const { clock, store, provider, broker, signIn } = setUp();
    const sso = broker();
    await signIn();
    provider.valid = undefined;
    clock.advance(15 * MINUTE);

    const refused = await lookUp(sso, alice);
    const later = await lookUp(sso, alice);
    const asleep = await recordOf(store);
    provider.valid = 'token-of-the-next-sign-in';
    await signIn(alice, 'token-of-the-next-sign-in');

    expect([refused, later]).toMatchObject([{ reason: 'sign-in-due' }, { reason: 'sign-in-due' }]);
    expect([asleep?.subject, asleep?.refresh, provider.redeemed]).toEqual([alice.subject, undefined, 1]);
    expect(await lookUp(sso, alice)).toMatchObject({ kind: 'authenticated' });
  });

  it('keeps its last answer for an hour while the provider is down, and cannot be checked after that', async () => {
    const { clock, log, provider, broker, signIn } = setUp();
    const sso = broker();
    await signIn();
    provider.isDown = true;

    clock.advance(15 * MINUTE);
    const soon = await lookUp(sso, alice);
    const askedOnce = provider.redeemed;
    await lookUp(sso, alice);
    const notAskedAgain = provider.redeemed;
    clock.advance(45 * MINUTE - 1);
    const last = await lookUp(sso, alice);
    clock.advance(1);
    const late = lookUp(sso, alice).catch((error: unknown) => error);
    await late;
    clock.advance(30);
    const askedAgain = lookUp(sso, alice).catch((error: unknown) => error);

    expect([soon, last]).toMatchObject([{ kind: 'authenticated' }, { kind: 'authenticated' }]);
    expect([askedOnce, notAskedAgain]).toEqual([1, 1]);
    for (const error of [await late, await askedAgain]) expect(error).toMatchObject({ code: 'backend_unavailable' });
    expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
    provider.isDown = false;
    clock.advance(30);
    expect(await lookUp(sso, alice)).toMatchObject({ kind: 'authenticated' });
  });

  it('keeps the token that replaces a redeemed one, also when the provider fails after that', async () => {
    const { clock, provider, broker, signIn } = setUp();
    const sso = broker();
    await signIn();
    clock.advance(15 * MINUTE);
    provider.isUserinfoDown = true;

    const duringOutage = await lookUp(sso, alice);
    provider.isUserinfoDown = false;
    clock.advance(30);
    const afterwards = await lookUp(sso, alice);

    expect([duringOutage, afterwards]).toMatchObject([{ kind: 'authenticated' }, { kind: 'authenticated' }]);
    expect([provider.valid, provider.redeemed]).toEqual(['token-2', 2]);
  });

  it('is checked by one broker of the fleet, while the others use the last answer, or wait for the new one', async () => {
    for (const age of [15 * MINUTE, 120 * MINUTE]) {
      const { clock, provider, broker, signIn } = setUp();
      await signIn();
      clock.advance(age);
      const answered = Promise.withResolvers<void>();
      provider.pause = answered.promise;

      const brokers = [broker(), broker(), broker()];
      const outcomes = brokers.flatMap((sso) => [lookUp(sso, alice), lookUp(sso, alice)]);
      setImmediate(answered.resolve);

      expect((await Promise.all(outcomes)).map(({ kind }) => kind)).toEqual(Array(6).fill('authenticated'));
      expect(provider.redeemed).toBe(1);
    }
  });

  it('is checked by another broker, with the new token, when the one that began has stopped', async () => {
    const { clock, provider, broker, signIn } = setUp();
    await signIn();
    clock.advance(120 * MINUTE);
    provider.pause = new Promise(() => undefined);
    void lookUp(broker(), alice);
    await provider.hasReplaced.promise;

    const short = deadlineIn(realClock, 1);
    const meanwhile = broker().revalidate({ login: 'alice', subject: alice.subject }, short);
    await expect(meanwhile).rejects.toMatchObject({ code: 'backend_unavailable' });
    provider.pause = Promise.resolve();
    clock.advance(30);

    expect(await lookUp(broker(), alice)).toMatchObject({ kind: 'authenticated' });
  });

  it('is as of a sign-in that happens while the old token is refused', async () => {
    const { clock, provider, broker, signIn } = setUp();
    await signIn();
    clock.advance(15 * MINUTE);
    const answered = Promise.withResolvers<void>();
    provider.pause = answered.promise;

    const outcome = lookUp(broker(), alice);
    await signIn(person('alice', ['team-new']), 'token-of-the-next-sign-in');
    answered.resolve();

    expect(await outcome).toMatchObject({ identity: { groups: new Set(['team-new']) } });
  });

  it('has its token in no readable form, and for no other account', async () => {
    const { clock, store, provider, broker, signIn } = setUp();
    await signIn();
    const record = await recordOf(store);
    const mallory = person('mallory');
    await signIn(mallory, 'token-of-mallory');
    const [, other] = await store.list();
    if (record?.refresh === undefined || other === undefined) throw new Error('two accounts are stored');
    clock.advance(15 * MINUTE);

    await store.put(other.key, { ...other.value, refresh: record.refresh }, 1000);

    expect(JSON.stringify(record)).not.toContain('token-0');
    expect(await lookUp(broker(), mallory)).toMatchObject({ reason: 'sign-in-due' });
    expect(provider.redeemed).toBe(0);
  });

  it('falls asleep when the key of its stored token is gone', async () => {
    const { clock, keys, broker, signIn } = setUp();
    await signIn();
    await keys.removeAll((await keys.list()).map(({ key }) => key));
    clock.advance(15 * MINUTE);

    expect(await lookUp(broker(), alice)).toMatchObject({ reason: 'sign-in-due' });
  });

  it('has no token any more once everything of the account has ended, and other accounts have theirs', async () => {
    const { clock, store, provider, broker, signIn } = setUp();
    const mallory = person('mallory');
    await signIn();
    await signIn(mallory, 'token-of-mallory');
    clock.advance(15 * MINUTE);
    const answered = Promise.withResolvers<void>();
    provider.pause = answered.promise;
    const during = lookUp(broker(), alice);

    const ending = { request: { requestId: 'id-1', client: '192.0.2.1' }, by: 'operator' };
    const ended = await endableProviderTokens(store).endOf({ user: 'alice' }, ending);
    answered.resolve();

    expect([ended, await during]).toMatchObject([1, { reason: 'sign-in-due' }]);
    const stored = (await store.list()).map(({ value }) => [value.identity.username, value.refresh !== undefined]);
    expect(Object.fromEntries(stored)).toEqual({ alice: false, mallory: true });
  });

  it('is not recorded when the provider sends no refresh token', async () => {
    const { store, log, broker } = setUp();

    await expect(recordSignIn(broker(), signedIn(alice))).rejects.toMatchObject({ code: 'backend_unavailable' });
    expect([await store.list(), log.lines.map(({ level }) => level)]).toEqual([[], ['error']]);
  });

  it('is read from its record as it was written, and from nothing else', async () => {
    const { store, signIn } = setUp();
    await signIn();
    const record = await recordOf(store);
    const json: unknown = JSON.parse(JSON.stringify(record));

    expect(parseSignedInAccount(json)).toEqual(record);
    for (const broken of [{ refresh: null }, { refresh: {} }, { refresh: 'token' }, { atSource: {} }]) {
      expect(parseSignedInAccount({ ...record, ...broken })).toBeUndefined();
    }
  });
});
