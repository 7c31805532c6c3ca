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

  it('are paid without what they end, which is owed for longer', async () => {
    const { owed, paid, settle } = setUp();
    owed.add({ ...flight('a'), endsLoginsOf: 'alice' });
    await owed.pay(settle);

    expect(paid).toEqual([flight('a')]);
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

describe('commands that the store may run later, because it was frozen', () => {
  const release = { attempt: { id: '1', backend: 'corp', password: 'p', epoch: 0, places: [] } };
  const released = { outcome: 'none', ...release };

  it('are released after a long outage, when what they began would have come to its end', async () => {
    const { clock, owed, paid, settle } = setUp();
    owed.addRelease(release);
    clock.advance(10 * UNSETTLED_SECONDS);
    await owed.pay(settle);

    expect(paid).toEqual([released]);
  });

  it('are released again for a minute after the store is back, each time before they count as wrong', async () => {
    const { clock, owed, paid, settle } = setUp();
    owed.addRelease(release);
    clock.advance(100);
    let longest = 0;
    for (let second = 0, last = 0; second <= 120; second += 1) {
      const before = paid.length;
      await owed.pay(settle);
      if (paid.length > before) {
        longest = Math.max(longest, second - last);
        last = second;
      }
      clock.advance(1);
    }

    expect(longest).toBeLessThan(UNSETTLED_SECONDS);
    expect(paid).toHaveLength(13);
  });

  it('are still to be released when the store does not take it', async () => {
    const { owed, paid, settle } = setUp();
    owed.addRelease(release);
    const failing = owed.pay(async () => Promise.reject(new Error('down')));

    await expect(failing).rejects.toThrow('down');
    await owed.pay(settle);
    expect(paid).toEqual([released]);
  });

  it('are released once when they began a flight, which ends by itself soon', async () => {
    const { clock, owed, paid, settle } = setUp();
    owed.addRelease({ flight: { backend: 'corp', login: 'a', id: '1', epoch: 0 } });
    await owed.pay(settle);
    clock.advance(UNSETTLED_SECONDS);
    await owed.pay(settle);

    expect(paid).toEqual([flight('a')]);
  });
});
