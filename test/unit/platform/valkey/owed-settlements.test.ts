import { describe, expect, it } from 'vitest';
import { UNSETTLED_SECONDS } from '../../../../src/core/ledger.ts';
import type { Settlement } from '../../../../src/core/ledger.ts';
import { createOwedSettlements } from '../../../../src/platform/valkey/owed-settlements.ts';
import { fixedClock } from '../../../support/fakes.ts';

const flight = (login: string): Settlement => ({
  outcome: 'none',
  flight: { backend: 'corp', login, id: '1', epoch: 0 },
});

function setUp() {
  const clock = fixedClock();
  const owed = createOwedSettlements(clock);
  const paid: Settlement[] = [];
  const settle = async (settlement: Settlement): Promise<void> => void paid.push(settlement);
  return { clock, owed, paid, settle };
}

describe('settlements that the store did not get', () => {
  it('are paid once', async () => {
    const { owed, paid, settle } = setUp();
    owed.add(flight('a'));
    owed.add(flight('b'));
    await owed.pay(settle);
    await owed.pay(settle);

    expect(paid).toEqual([flight('a'), flight('b')]);
  });

  it('are paid without their answer, because a newer one may be stored', async () => {
    const { owed, paid, settle } = setUp();
    owed.add({ ...flight('a'), answer: { kind: 'refusal', outcome: { kind: 'unknown-user' }, seconds: 30 } });
    await owed.pay(settle);

    expect(paid).toEqual([flight('a')]);
  });

  it('are not paid when they have come to their end in the store', async () => {
    const { clock, owed, paid, settle } = setUp();
    owed.add(flight('a'));
    clock.advance(UNSETTLED_SECONDS);
    owed.add(flight('b'));
    await owed.pay(settle);

    expect(paid).toEqual([flight('b')]);
  });

  it('are still owed when the store does not take them', async () => {
    const { owed, paid, settle } = setUp();
    owed.add(flight('a'));
    const failing = owed.pay(async () => Promise.reject(new Error('down')));

    await expect(failing).rejects.toThrow('down');
    await owed.pay(settle);
    expect(paid).toEqual([flight('a')]);
  });
});
