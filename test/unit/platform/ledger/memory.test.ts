import { describe, expect, it } from 'vitest';
import type { Budget } from '../../../../src/core/ledger.ts';
import { memoryLedger } from '../../../../src/platform/ledger/memory.ts';
import { ledgerContract } from '../../../contract/ledger.ts';
import { fixedClock } from '../../../support/fakes.ts';

ledgerContract('memory', async (clock) => ({
  ...memoryLedger({ clock, maxEntries: 1000 }),
  [Symbol.asyncDispose]: async () => undefined,
}));

describe('a ledger in memory that is full', () => {
  const MAX_ENTRIES = 50;
  const budget = (kind: Budget['kind'], key: string): Budget => ({
    kind,
    key,
    limit: 3,
    window: 300,
    isClearedBySuccess: true,
    countsRefused: false,
  });

  function setUp() {
    const ledger = memoryLedger({ clock: fixedClock(), maxEntries: MAX_ENTRIES });
    let id = 0;
    const guess = async (budgets: readonly Budget[]): Promise<string> => {
      id += 1;
      const reserved = await ledger.reserve({ id: `${id}`, password: `${id}`, budgets, trust: { password: '-' } });
      if (reserved.kind === 'go')
        await ledger.settle({ outcome: 'wrong', attempt: reserved.attempt, knownSeconds: 300 });
      return reserved.kind;
    };
    return { ledger, guess };
  }

  it.each(['account', 'name', 'address'] as const)(
    'keeps the budgets of the kind %s that are used most',
    async (kind) => {
      const { ledger, guess } = setUp();
      for (let n = 0; n < 3; n += 1) await guess([budget(kind, 'victim')]);

      for (let n = 0; n < MAX_ENTRIES * 4; n += 1) await guess([budget(kind, `other ${n}`)]);

      expect(await guess([budget(kind, 'victim')])).toBe('full');
      expect(ledger.sizes().counted).toBe(MAX_ENTRIES);
    },
  );

  it('loses no account to names and addresses, however much they are used', async () => {
    const { guess } = setUp();
    await guess([budget('account', 'victim')]);
    for (let n = 0; n < MAX_ENTRIES * 4; n += 1) {
      for (let time = 0; time < 3; time += 1) await guess([budget('name', `${n}`), budget('address', `${n}`)]);
    }

    const answers = [];
    for (let time = 0; time < 3; time += 1) answers.push(await guess([budget('account', 'victim')]));

    expect(answers).toEqual(['go', 'go', 'full']);
  });
});
