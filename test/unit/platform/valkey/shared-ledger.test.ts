/** What a broker owes to the store, when the store has lost a command or its reply. */
import { describe, expect, it } from 'vitest';
import type { Ended, Recalled, Settlement } from '../../../../src/core/ledger.ts';
import { memoryLedger } from '../../../../src/platform/ledger/memory.ts';
import { createBreaker } from '../../../../src/platform/valkey/breaker.ts';
import type { ValkeyLedger } from '../../../../src/platform/valkey/ledger.ts';
import { sharedLedger } from '../../../../src/platform/valkey/shared-ledger.ts';
import { createShares } from '../../../../src/platform/valkey/shares.ts';
import { StoreDown } from '../../../../src/platform/valkey/store-down.ts';
import { UNLIMITED } from '../../../../src/platform/valkey/store-time.ts';
import { identity } from '../../../support/fake-backend.ts';
import { fixedClock } from '../../../support/fakes.ts';

const QUESTION = { backend: 'corp', login: 'alice with old password', id: 'flight' };
const IDENTITY = identity('alice');
const OLD: Recalled = { kind: 'success', identity: IDENTITY, isContested: false };

/** A store that answers each login as successful, and records what it is given. */
function setUp() {
  const clock = fixedClock();
  const world = { isLost: false, epoch: 1 };
  const ended: Ended[] = [];
  const settled: Settlement[] = [];
  const reply = async <T>(value: T): Promise<T> => {
    if (world.isLost) throw new StoreDown('no reply');
    return value;
  };
  const remote: ValkeyLedger = {
    recall: () => reply({ recalled: OLD, answer: undefined }),
    reserve: () => reply({ reserved: { kind: 'known' }, counts: [] }),
    settle: async (settlement) => {
      await reply(undefined);
      settled.push(settlement);
    },
    renew: () => reply(undefined),
    addWrong: () => reply(undefined),
  };
  const breaker = createBreaker({
    probe: async () => ledger.catchUp(),
    onChange: () => undefined,
    onCause: () => undefined,
    onFailure: () => undefined,
    later: () => undefined,
    random: () => 0,
  });
  const ledger = sharedLedger({
    remote,
    local: memoryLedger({ clock, maxEntries: 1000 }),
    epochs: {
      current: () => world.epoch,
      end: async (one) => {
        await reply(undefined);
        if (one.kind !== 'tokens') ended.push(one);
        return (world.epoch += 1);
      },
    },
    breaker,
    shares: createShares(clock),
    whenDown: 'local',
    brokers: () => 1,
    settledElsewhere: async () => undefined,
    storeTime: () => UNLIMITED,
    clock,
  });
  const losing = async (work: () => Promise<unknown>): Promise<void> => {
    world.isLost = true;
    await work();
    world.isLost = false;
  };
  return { clock, world, breaker, ledger, ended, settled, losing };
}

describe('an end whose reply was lost', () => {
  const FLUSH: Ended = { kind: 'answers-and-counts' };

  it('is given to the store again although the store never was down', async () => {
    const { ledger, breaker, ended, losing } = setUp();
    await losing(() => ledger.end(FLUSH));
    const before = [breaker.isUp(), ledger.owesEnds()];
    await ledger.catchUp();

    expect(before).toEqual([true, true]);
    expect([ended, ledger.owesEnds()]).toEqual([[FLUSH], false]);
  });

  it('is owed until the store has taken it', async () => {
    const { ledger, ended, losing } = setUp();
    await losing(() => ledger.end(FLUSH));
    await losing(() => expect(ledger.catchUp()).rejects.toThrow('no reply'));

    expect([ended, ledger.owesEnds()]).toEqual([[], true]);
  });

  it('keeps the answers of the store from being used until the store has taken it', async () => {
    const { ledger, losing } = setUp();
    const before = await ledger.recall(QUESTION);
    await losing(() => ledger.end(FLUSH));
    const meanwhile = await ledger.recall(QUESTION);
    await ledger.catchUp();

    expect([before.kind, meanwhile.kind]).toEqual(['success', 'lead']);
    expect((await ledger.recall(QUESTION)).kind).toBe('success');
  });

  it('is given once when two runs begin at the same time', async () => {
    const { ledger, ended, losing } = setUp();
    await losing(() => ledger.end(FLUSH));
    await losing(() => ledger.end({ kind: 'account', account: 'alice' }));
    await Promise.all([ledger.catchUp(), ledger.catchUp()]);

    expect(ended).toEqual([FLUSH, { kind: 'account', account: 'alice' }]);
  });

  it('ends all answers when the ends of too many accounts are owed', async () => {
    const { ledger, ended, world } = setUp();
    world.isLost = true;
    for (let n = 0; n <= 1000; n += 1) await ledger.end({ kind: 'account', account: `user ${n}` });
    world.isLost = false;
    await ledger.catchUp();

    expect(ended).toEqual([{ kind: 'answers' }]);
  });
});

it('a login whose reply was lost is released without an outage', async () => {
  const { ledger, breaker, settled, losing } = setUp();
  await losing(() => ledger.recall(QUESTION));
  await ledger.catchUp();

  expect(breaker.isUp()).toBe(true);
  expect(settled).toEqual([{ outcome: 'none', flight: { ...QUESTION, epoch: 0 } }]);
});

describe('what ends earlier logins during an outage of any length', () => {
  const END = { outcome: 'none', endsLoginsOf: 'alice' } as const;
  const SUCCESS = {
    kind: 'success',
    identity: IDENTITY,
    account: 'alice',
    name: undefined,
    freshSeconds: 60,
    seconds: 60,
  } as const;

  it('is given to the store: a refusal', async () => {
    const { ledger, clock, settled, losing } = setUp();
    await losing(() => ledger.settle({ outcome: 'wrong', endsLoginsOf: 'alice' }));
    clock.advance(3600);
    await ledger.catchUp();

    expect(settled).toEqual([END]);
  });

  it('is given to the store: a login with a new password, whose answer is not stored', async () => {
    const { ledger, clock, settled, losing } = setUp();
    await losing(async () => {
      const recalled = await ledger.recall(QUESTION);
      if (recalled.kind !== 'lead') throw new Error(`expected lead, got ${recalled.kind}`);
      await ledger.settle({ outcome: 'success', flight: recalled.flight, answer: SUCCESS });
    });
    clock.advance(3600);
    await ledger.catchUp();

    expect(settled).toContainEqual(END);
  });

  it('is given to the store at once when it is up again before the login is over', async () => {
    const { ledger, settled, world } = setUp();
    world.isLost = true;
    const recalled = await ledger.recall(QUESTION);
    world.isLost = false;
    if (recalled.kind !== 'lead') throw new Error(`expected lead, got ${recalled.kind}`);
    await ledger.settle({ outcome: 'success', flight: recalled.flight, answer: SUCCESS });

    expect(settled).toEqual([{ ...END, outcome: 'success' }]);
  });

  it('ends all answers of the backend when there is too much to store', async () => {
    const { ledger, ended, settled, losing } = setUp();
    const attempt = { id: '1', backend: 'corp', password: 'p', epoch: 0, places: [] };
    await losing(async () => {
      for (let n = 0; n <= 10_000; n += 1) {
        await ledger.settle({ outcome: 'wrong', attempt, endsLoginsOf: `user ${n}` });
      }
    });
    await ledger.catchUp();

    expect(ended).toEqual([{ kind: 'answers', backend: 'corp' }]);
    expect(settled.filter(({ endsLoginsOf }) => endsLoginsOf !== undefined)).toEqual([]);
  });
});
