import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { GroupName } from '../../../../src/core/identity.ts';
import type { Budget } from '../../../../src/core/ledger.ts';
import { memoryLedger } from '../../../../src/platform/ledger/memory.ts';
import { ledgerContract } from '../../../contract/ledger.ts';
import { createFingerprint } from '../../../../src/platform/fingerprint.ts';
import { identity } from '../../../support/fake-backend.ts';
import { fixedClock } from '../../../support/fakes.ts';

ledgerContract('memory', async (clock) => ({
  ...memoryLedger({ clock, maxEntries: 1000 }),
  [Symbol.asyncDispose]: async () => undefined,
}));

const budget = (kind: Budget['kind'], key: string): Budget => ({
  kind,
  key,
  limit: 3,
  window: 300,
  isClearedBySuccess: true,
  countsRefused: false,
});

describe('a ledger in memory that is full', () => {
  const MAX_ENTRIES = 50;
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

describe('a ledger in memory with the logins of many users', () => {
  const USERS = 10_000;
  const MAX_BYTES = 300;

  it(`takes less than ${MAX_BYTES} bytes for a cached and trusted login`, async () => {
    const ledger = memoryLedger({ clock: fixedClock(), maxEntries: USERS });
    const fingerprint = createFingerprint();
    const before = bytesInUse();
    for (let n = 0; n < USERS; n += 1) {
      const login = fingerprint('login', `${n}`);
      const recalled = await ledger.recall({ backend: 'corp', login, id: `${n}` });
      if (recalled.kind !== 'lead') throw new Error('the login is not free');
      await ledger.settle({
        outcome: 'success',
        trust: { keys: { password: fingerprint('p', `${n}`), network: fingerprint('n', `${n}`) }, seconds: 600 },
        flight: recalled.flight,
        answer: {
          kind: 'success',
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- canonical names
          identity: { ...identity(`user-${n}`), groups: new Set([`team-${n % 10}`, 'all'] as unknown as GroupName[]) },
          account: fingerprint('account', `${n}`),
          name: { ...budget('name', fingerprint('name', `${n}`)), trusted: { by: 'both', limit: 100 } },
          freshSeconds: 60,
          seconds: 600,
        },
      });
    }

    expect(ledger.sizes()).toMatchObject({ right: USERS, trusted: USERS });
    expect((bytesInUse() - before) / USERS).toBeLessThan(MAX_BYTES);
  });
});

/** In the heap of V8 and in typed arrays, without garbage. */
function bytesInUse(): number {
  setFlagsFromString('--expose-gc');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the flag adds
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
