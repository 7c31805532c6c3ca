import { describe, expect, it } from 'vitest';
import type { Budget } from '../../../../src/core/ledger.ts';
import type { WrongCount } from '../../../../src/platform/valkey/ledger.ts';
import { createShares } from '../../../../src/platform/valkey/shares.ts';
import { fixedClock } from '../../../support/fakes.ts';

const BUDGET: Budget = {
  kind: 'account',
  key: 'alice',
  limit: 9,
  trusted: { by: 'either', limit: 10 },
  window: 300,
  isClearedBySuccess: true,
  countsRefused: false,
};

const limitsOf = ({ limit, trusted }: Budget): readonly unknown[] => [limit, trusted?.limit];

describe('the share of a limit while the store is down', () => {
  it.each([
    [1, 0, [9, 10]],
    [3, 0, [3, 4]],
    [20, 0, [1, 2]],
    [Infinity, 0, [1, 2]],
    [3, 8, [1, 2]],
    [3, 9, [0, 1]],
    [3, 12, [0, 0]],
  ])('of %i brokers, with a last count of %i, is %j', (brokers, count, expected) => {
    const shares = createShares(fixedClock());
    shares.note([[BUDGET, count]]);

    expect(limitsOf(shares.of(BUDGET, brokers))).toEqual(expected);
  });

  it('is two at least for a name or an address', () => {
    const shares = createShares(fixedClock());

    expect((['account', 'name', 'address'] as const).map((kind) => shares.of({ ...BUDGET, kind }, 20).limit)).toEqual([
      1, 2, 2,
    ]);
  });

  it('ignores a last count whose window is over', () => {
    const clock = fixedClock();
    const shares = createShares(clock);
    shares.note([[BUDGET, 9]]);
    clock.advance(BUDGET.window);

    expect(shares.of(BUDGET, 3).limit).toBe(3);
  });

  it('ignores a last count that a successful login has cleared since', () => {
    const shares = createShares(fixedClock());
    shares.note([[BUDGET, 9]]);
    shares.forget(BUDGET);

    expect(shares.of(BUDGET, 3).limit).toBe(3);
  });

  it('begins again with each outage', () => {
    const shares = createShares(fixedClock());
    const keys = [1, 2].map(() => {
      shares.beginOutage();
      return shares.of(BUDGET, 3).key;
    });

    expect(new Set(keys).size).toBe(2);
  });
});

describe('what is owed to the store', () => {
  async function paid(shares: ReturnType<typeof createShares>): Promise<readonly WrongCount[]> {
    const all: WrongCount[] = [];
    await shares.pay(async (counts) => void all.push(...counts));
    return all;
  }

  it('is the number of wrong passwords of each budget, and is paid once', async () => {
    const shares = createShares(fixedClock());
    shares.owe(BUDGET, 'corp', 1);
    shares.owe(BUDGET, 'corp', 1);

    expect(await paid(shares)).toEqual([{ budget: BUDGET, backend: 'corp', wrong: 2 }]);
    expect(await paid(shares)).toEqual([]);
  });

  it('is still owed when the store does not take it', async () => {
    const shares = createShares(fixedClock());
    shares.owe(BUDGET, 'corp', 2);
    const failing = shares.pay(async () => Promise.reject(new Error('down')));

    await expect(failing).rejects.toThrow('down');
    expect(await paid(shares)).toEqual([{ budget: BUDGET, backend: 'corp', wrong: 2 }]);
  });

  it('is cleared by a successful login where the budget is', async () => {
    const shares = createShares(fixedClock());
    const address: Budget = { ...BUDGET, kind: 'address', isClearedBySuccess: false };
    for (const budget of [BUDGET, address]) {
      shares.owe(budget, undefined, 1);
      shares.clear(budget);
    }

    expect(await paid(shares)).toEqual([{ budget: address, backend: undefined, wrong: 1 }]);
  });

  it('is paid in parts', async () => {
    const shares = createShares(fixedClock());
    for (let n = 0; n < 250; n += 1) shares.owe({ ...BUDGET, key: `${n}` }, 'corp', 1);
    const sizes: number[] = [];

    await shares.pay(async (counts) => void sizes.push(counts.length));

    expect(sizes).toEqual([100, 100, 50]);
  });
});
