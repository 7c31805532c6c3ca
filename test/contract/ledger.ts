/** The contract of every ledger. */
import { describe, expect, it } from 'vitest';
import { UNSETTLED_SECONDS } from '../../src/core/ledger.ts';
import type { Attempt, Budget, CachedAnswer, Ledger, Recalled, Reservation, Reserved } from '../../src/core/ledger.ts';
import type { Clock } from '../../src/core/ports.ts';
import { identity } from '../support/fake-backend.ts';
import { fixedClock } from '../support/fakes.ts';
import { ledgerProperties } from './ledger-schedules.ts';

/** Makes an empty ledger that uses this clock. */
export type OpenLedger = (clock: Clock) => Promise<Ledger & AsyncDisposable>;

const MAX = 4;
const WINDOW = 300;
const ACCOUNT: Budget = {
  kind: 'account',
  key: 'alice',
  limit: MAX - 1,
  trusted: { by: 'either', limit: MAX },
  window: WINDOW,
  isClearedBySuccess: true,
  countsRefused: false,
};
const ADDRESS: Budget = {
  kind: 'address',
  key: '192.0.2.1',
  limit: 2,
  trusted: { by: 'both', limit: 100 },
  window: WINDOW,
  isClearedBySuccess: false,
  countsRefused: false,
};
const NAME: Budget = {
  ...ADDRESS,
  kind: 'name',
  key: 'name',
  trusted: { by: 'password', limit: 4 },
  countsRefused: true,
};
const KEYS = { password: 'trusted password', network: 'trusted network' };

/** @param runs how many random schedules are tried; absent: as many as take a second in memory */
export function ledgerContract(name: string, open: OpenLedger, runs?: number): void {
  describe(`the contract of ledgers, by ${name}`, () => {
    async function setUp() {
      const clock = fixedClock();
      const ledger = await open(clock);
      let id = 0;
      const reserve = (password: string, more: Partial<Reservation> = {}): Promise<Reserved> =>
        ledger.reserve({
          id: `${++id}`,
          backend: 'corp',
          password,
          budgets: [ACCOUNT],
          trust: { password: '-' },
          ...more,
        });
      const admit = async (password: string, more?: Partial<Reservation>): Promise<Attempt> => {
        const reserved = await reserve(password, more);
        if (reserved.kind !== 'go') throw new Error(`the attempt is refused: ${reserved.kind}`);
        return reserved.attempt;
      };
      const wrong = async (password: string, more?: Partial<Reservation>): Promise<void> =>
        ledger.settle({ outcome: 'wrong', attempt: await admit(password, more), knownSeconds: WINDOW });
      const trust = (keys = KEYS): Promise<void> =>
        ledger.settle({ outcome: 'success', trust: { keys, seconds: 1000 } });
      const recall = (login = 'alice/right', backend = 'corp'): Promise<Recalled> =>
        ledger.recall({ backend, login, id: `${++id}` });
      const cache = async (login: string, answer: CachedAnswer, more = {}): Promise<void> => {
        const recalled = await recall(login);
        if (recalled.kind !== 'lead') throw new Error(`the login is not free: ${recalled.kind}`);
        await ledger.settle({ outcome: 'none', flight: recalled.flight, answer, ...more });
      };
      const success = (more: Partial<Extract<CachedAnswer, { kind: 'success' }>> = {}): CachedAnswer => ({
        kind: 'success',
        identity: identity('alice'),
        account: 'account of alice',
        name: undefined,
        freshSeconds: 60,
        seconds: 600,
        ...more,
      });
      return {
        clock,
        ledger,
        reserve,
        admit,
        wrong,
        trust,
        recall,
        cache,
        success,
        [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose](),
      };
    }

    const kindOf = ({ kind }: Reserved | Recalled): string => kind;

    it('refuses attempts beyond the limit, with the time that remains', async () => {
      await using world = await setUp();
      for (const password of ['a', 'b', 'c']) await world.wrong(password);
      world.clock.advance(100);

      expect(await world.reserve('d')).toEqual({ kind: 'full', budget: 'account', retryAfter: WINDOW - 100 });
    });

    it('counts attempts under way, and says how many there are', async () => {
      await using world = await setUp();
      const counts = [];
      for (const password of ['a', 'b', 'c']) counts.push(await world.reserve(password));

      expect(counts.map((one) => one.kind === 'go' && one.inFlight)).toEqual([1, 2, 3]);
      expect(await world.reserve('d')).toEqual({ kind: 'busy', isTrusted: false });
    });

    it('says how many attempts and wrong passwords a budget counts', async () => {
      await using world = await setUp();
      await world.wrong('a');
      await world.admit('b');

      expect(await world.reserve('c')).toMatchObject({ kind: 'go', inFlight: 2, counted: 3 });
    });

    it('takes back an attempt that had no outcome', async () => {
      await using world = await setUp();
      for (const password of ['a', 'b', 'c', 'd', 'e']) {
        await world.ledger.settle({ outcome: 'none', attempt: await world.admit(password), knownSeconds: WINDOW });
      }

      expect(kindOf(await world.reserve('a'))).toBe('go');
    });

    it('counts each wrong password once', async () => {
      await using world = await setUp();
      await world.wrong('a');

      expect(kindOf(await world.reserve('a'))).toBe('known');
      world.clock.advance(WINDOW);
      expect(kindOf(await world.reserve('a'))).toBe('go');
    });

    it('after a success counts only what was not settled before the success was admitted', async () => {
      await using world = await setUp();
      await world.wrong('before');
      const concurrent = await world.admit('concurrent');
      const right = await world.admit('right');
      await world.ledger.settle({ outcome: 'wrong', attempt: concurrent });

      await world.ledger.settle({ outcome: 'success', attempt: right });

      expect([kindOf(await world.reserve('x')), kindOf(await world.reserve('y'))]).toEqual(['go', 'go']);
      expect(kindOf(await world.reserve('z'))).toBe('busy');
    });

    it('stops counting wrong passwords a window after the last one', async () => {
      await using world = await setUp();
      await world.wrong('a');
      world.clock.advance(WINDOW - 1);
      await world.wrong('b');
      world.clock.advance(WINDOW - 1);
      await world.wrong('c');
      world.clock.advance(WINDOW - 1);

      expect(kindOf(await world.reserve('d'))).toBe('full');
      world.clock.advance(1);
      for (const password of ['d', 'e', 'f']) await world.wrong(password);
      expect(kindOf(await world.reserve('g'))).toBe('full');
    });

    it('keeps wrong passwords while an attempt is under way, which extends the window of a directory', async () => {
      await using world = await setUp();
      for (const password of ['a', 'b']) await world.wrong(password);
      world.clock.advance(WINDOW - 1);
      const last = await world.admit('c');
      world.clock.advance(2);

      const busy = await world.reserve('d');
      await world.ledger.settle({ outcome: 'wrong', attempt: last });

      expect([kindOf(busy), kindOf(await world.reserve('d'))]).not.toContain('go');
    });

    it('where a success clears nothing, stops counting wrong passwords a window after the first one', async () => {
      await using world = await setUp();
      const more = { budgets: [ADDRESS] };
      await world.wrong('a', more);
      world.clock.advance(WINDOW - 1);
      await world.wrong('b', more);
      await world.ledger.settle({ outcome: 'none', attempt: await world.admit('-', { budgets: [] }) });
      const full = await world.reserve('c', more);
      world.clock.advance(1);

      expect([kindOf(full), kindOf(await world.reserve('c', more))]).toEqual(['full', 'go']);
    });

    it('does not clear such a budget by a success', async () => {
      await using world = await setUp();
      const more = { budgets: [{ ...ADDRESS, limit: 2 }] };
      await world.wrong('a', more);
      await world.ledger.settle({ outcome: 'success', attempt: await world.admit('right', more) });
      await world.wrong('b', more);

      expect(kindOf(await world.reserve('c', more))).toBe('full');
    });

    it('counts an attempt that is never settled as wrong, and the next success clears it', async () => {
      await using world = await setUp();
      const lost = await world.admit('lost');
      for (const password of ['a', 'b']) await world.admit(password);
      world.clock.advance(UNSETTLED_SECONDS);
      const full = await world.reserve('x', { trust: KEYS });
      await world.trust();
      const right = await world.admit('right', { trust: KEYS });
      await world.ledger.settle({ outcome: 'success', attempt: right });
      // Too late: it is counted already.
      await world.ledger.settle({ outcome: 'wrong', attempt: lost });

      expect(kindOf(full)).toBe('full');
      for (const password of ['d', 'e', 'f']) await world.wrong(password);
      expect(kindOf(await world.reserve('g'))).toBe('full');
    });

    it('leaves the last attempt to a trusted login, until its password is wrong', async () => {
      await using world = await setUp();
      await world.trust();
      for (const password of ['a', 'b', 'c']) await world.wrong(password);

      expect(kindOf(await world.reserve('d'))).toBe('full');
      const trusted = await world.admit('right', { trust: KEYS });
      expect(await world.reserve('e', { trust: KEYS })).toEqual({ kind: 'busy', isTrusted: true });
      await world.ledger.settle({ outcome: 'none', attempt: trusted });
      await world.ledger.settle({ outcome: 'wrong', trust: { keys: KEYS, seconds: 1000 } });
      expect(kindOf(await world.reserve('right', { trust: KEYS }))).toBe('full');
    });

    it.each([
      ['account', { password: KEYS.password }, 'go'],
      ['account', { password: '-', network: KEYS.network }, 'go'],
      ['name', { password: KEYS.password }, 'go'],
      ['name', { password: '-', network: KEYS.network }, 'full'],
      ['address', { password: KEYS.password }, 'full'],
      ['address', KEYS, 'go'],
    ] as const)('lifts the limit of an %s for the trust it asks for: %j', async (kind, keys, expected) => {
      await using world = await setUp();
      await world.trust();
      const budget = { account: ACCOUNT, name: NAME, address: ADDRESS }[kind];
      for (let n = 0; n < budget.limit; n += 1) await world.wrong(`${n}`, { budgets: [budget] });

      expect(kindOf(await world.reserve('right', { budgets: [budget], trust: keys }))).toBe(expected);
    });

    it('lifts the limits of one kind only', async () => {
      await using world = await setUp();
      await world.trust();
      const budgets = [NAME, ADDRESS];
      for (const password of ['a', 'b']) await world.wrong(password, { budgets });

      expect(kindOf(await world.reserve('right', { budgets, trust: KEYS }))).toBe('full');
    });

    it('counts refused logins where the budget says so, up to the limit that trust gives', async () => {
      await using world = await setUp();
      await world.trust();
      const more = { budgets: [NAME], trust: { password: KEYS.password } };
      for (const password of ['a', 'b']) await world.wrong(password, { budgets: [NAME] });
      const before = await world.admit('right', more);
      await world.ledger.settle({ outcome: 'none', attempt: before });

      for (const password of ['c', 'd', 'e']) await world.reserve(password, { budgets: [NAME] });

      expect(kindOf(await world.reserve('right', more))).toBe('full');
    });

    it('reserves in all budgets or in none', async () => {
      await using world = await setUp();
      for (const password of ['a', 'b']) await world.wrong(password, { budgets: [ADDRESS] });
      for (let n = 0; n < 10; n += 1) await world.reserve(`${n}`, { budgets: [ACCOUNT, ADDRESS] });

      expect(await world.reserve('x')).toMatchObject({ kind: 'go', inFlight: 1 });
    });

    it('puts an account on hold for some time, whatever the password', async () => {
      await using world = await setUp();
      const more = { account: 'held' };
      const attempt = await world.admit('a', more);
      await world.ledger.settle({ outcome: 'none', attempt, hold: { account: 'held', seconds: 60 } });

      expect([kindOf(await world.reserve('b', more)), kindOf(await world.reserve('b'))]).toEqual(['on-hold', 'go']);
      world.clock.advance(60);
      expect(kindOf(await world.reserve('b', more))).toBe('go');
    });

    it('lets one caller lead, and others wait, until it settles', async () => {
      await using world = await setUp();
      const first = await world.recall();
      const others = [await world.recall(), await world.recall('alice/other')];
      if (first.kind === 'lead') await world.ledger.settle({ outcome: 'none', flight: first.flight });

      expect([first, ...others].map(kindOf)).toEqual(['lead', 'wait', 'lead']);
      expect(kindOf(await world.recall())).toBe('lead');
    });

    it('replaces a leader that never settles, and its late answer does not end the next flight', async () => {
      await using world = await setUp();
      const lost = await world.recall();
      world.clock.advance(UNSETTLED_SECONDS);
      const next = await world.recall();
      if (lost.kind === 'lead') await world.ledger.settle({ outcome: 'none', flight: lost.flight });

      expect([kindOf(next), kindOf(await world.recall())]).toEqual(['lead', 'wait']);
    });

    it('recalls a success while it is fresh, and gives it to the leader while it is stale', async () => {
      await using world = await setUp();
      await world.cache('alice/right', world.success());

      const fresh = await world.recall();
      world.clock.advance(60);
      const stale = await world.recall();
      world.clock.advance(540);

      expect(fresh).toEqual({ kind: 'success', identity: identity('alice'), isContested: false });
      expect(stale).toMatchObject({ kind: 'lead', stale: identity('alice') });
      expect(await world.recall()).toMatchObject({ kind: 'lead', stale: undefined });
    });

    it('recalls a refusal for its time', async () => {
      await using world = await setUp();
      await world.cache('alice/old', { kind: 'refusal', outcome: { kind: 'unknown-user' }, seconds: 30 });

      const early = await world.recall('alice/old');
      world.clock.advance(30);

      expect(early).toEqual({ kind: 'refused', outcome: { kind: 'unknown-user' } });
      expect(kindOf(await world.recall('alice/old'))).toBe('lead');
    });

    it('recalls only the latest success of an account', async () => {
      await using world = await setUp();
      await world.cache('alice/old', world.success());
      await world.cache('alice/new', world.success());

      expect([kindOf(await world.recall('alice/new')), kindOf(await world.recall('alice/old'))]).toEqual([
        'success',
        'lead',
      ]);
    });

    it('ends the successes of an account with a refusal that concerns the account', async () => {
      await using world = await setUp();
      await world.cache('alice/right', world.success());
      await world.ledger.settle({ outcome: 'none', endsLoginsOf: 'account of alice' });

      expect(kindOf(await world.recall())).toBe('lead');
    });

    it('says that a success is contested when the budget of its name is used up', async () => {
      await using world = await setUp();
      await world.cache('alice/right', world.success({ name: NAME }));
      const more = { backend: undefined, budgets: [NAME] };
      await world.wrong('a', more);
      const before = await world.recall();
      await world.wrong('b', more);

      expect([before, await world.recall()]).toMatchObject([{ isContested: false }, { isContested: true }]);
    });

    it.each([
      ['answers', 'corp', 'lead', 'full'],
      ['answers', undefined, 'lead', 'full'],
      ['answers', 'other', 'success', 'full'],
      ['answers-and-counts', 'corp', 'lead', 'go'],
      ['answers-and-counts', undefined, 'lead', 'go'],
      ['answers-and-counts', 'other', 'success', 'full'],
    ] as const)('ends %s of the backend %s, and no other', async (kind, backend, recalled, reserved) => {
      await using world = await setUp();
      await world.cache('alice/right', world.success());
      for (const password of ['a', 'b', 'c']) await world.wrong(password);

      await world.ledger.end({ kind, backend });

      expect(kindOf(await world.recall())).toBe(recalled);
      expect(kindOf(await world.reserve('d'))).toBe(reserved);
    });

    it('asks the backend again about a known wrong password and an account on hold after an end', async () => {
      await using world = await setUp();
      await world.wrong('a');
      await world.ledger.settle({ outcome: 'none', hold: { account: 'held', seconds: 60 } });

      await world.ledger.end({ kind: 'answers', backend: 'corp' });

      expect([kindOf(await world.reserve('a')), kindOf(await world.reserve('b', { account: 'held' }))]).toEqual([
        'go',
        'go',
      ]);
    });

    it('still counts attempts that were under way at an end', async () => {
      await using world = await setUp();
      for (const password of ['a', 'b', 'c']) await world.admit(password);

      await world.ledger.end({ kind: 'answers-and-counts' });

      expect(kindOf(await world.reserve('d'))).toBe('busy');
    });

    it('never caches an answer, a wrong password or a hold from before an end', async () => {
      await using world = await setUp();
      const login = await world.recall();
      const attempt = await world.admit('right now', { account: 'held' });
      await world.ledger.end({ kind: 'answers', backend: 'corp' });
      if (login.kind !== 'lead') throw new Error('the login is not free');
      await world.ledger.settle({
        outcome: 'wrong',
        attempt,
        knownSeconds: WINDOW,
        flight: login.flight,
        answer: world.success(),
        hold: { account: 'held', seconds: 60 },
      });

      expect(kindOf(await world.recall())).toBe('lead');
      expect(kindOf(await world.reserve('right now', { account: 'held' }))).toBe('go');
    });

    it('ends the logins of an account, also one that is under way', async () => {
      await using world = await setUp();
      await world.cache('alice/right', world.success());
      const other = await world.recall('alice/other');

      await world.ledger.end({ kind: 'account', account: 'account of alice' });
      if (other.kind === 'lead') {
        await world.ledger.settle({ outcome: 'none', flight: other.flight, answer: world.success() });
      }

      expect([kindOf(await world.recall()), kindOf(await world.recall('alice/other'))]).toEqual(['lead', 'lead']);
    });

    ledgerProperties(open, runs);
  });
}
