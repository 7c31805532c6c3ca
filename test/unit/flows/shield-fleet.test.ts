/** Brokers that share a ledger, just after an outage of it: each of them asks the directory about the same login. */
import { describe, expect, it } from 'vitest';
import type { Ledger } from '../../../src/core/ledger.ts';
import { createFingerprint } from '../../../src/platform/fingerprint.ts';
import { memoryLedger } from '../../../src/platform/ledger/memory.ts';
import { systemTimer } from '../../../src/platform/timer.ts';
import { fakeDirectory } from '../../support/fake-directory.ts';
import { realClock as clock } from '../../support/fakes.ts';
import { logInThrough, testShield, word } from '../../support/shielded.ts';

/** No more than a name may have from one network: those would wait before they are counted for the account. */
const BROKERS = 4;

/** Counts attempts together, and has no flights together: those began while the store was down. */
function afterOutage(counts: Ledger): Ledger {
  const own = memoryLedger({ clock, maxEntries: 1000 });
  return { ...counts, isShared: true, recall: own.recall };
}

function setUp(share: (counts: Ledger) => Ledger) {
  const counts = memoryLedger({ clock, maxEntries: 1000 });
  const fingerprint = createFingerprint();
  const directory = fakeDirectory({ accounts: { alice: { password: 'right' } }, pause: () => systemTimer.sleep(20) });
  const settings = { maxWrongPerAccount: 4 };
  const shields = Array.from({ length: BROKERS }, () => testShield({ settings, ledger: share(counts), fingerprint }));
  const logIn = async (broker: number, password: string): Promise<string> =>
    word(await logInThrough(shields[broker] ?? shields[0]!, directory.backend, { password }));
  return { directory, logIn };
}

describe('equal logins at several brokers after an outage of the store', () => {
  const all = (logIn: (broker: number) => Promise<string>) =>
    Promise.all(Array.from({ length: BROKERS }, (_, broker) => logIn(broker)));

  it('are all accepted when the password is correct', async () => {
    const { logIn } = setUp(afterOutage);

    expect(await all((broker) => logIn(broker, 'right'))).toEqual(Array(BROKERS).fill('authenticated'));
  });

  it('are refused beyond the limit without a shared ledger, where equal logins share one answer', async () => {
    const { logIn } = setUp((counts) => ({ ...afterOutage(counts), isShared: false }));

    expect(await all((broker) => logIn(broker, 'right'))).toContain('too-many-attempts (account)');
  });

  it('reach the directory no more often than the limit allows when the passwords are wrong', async () => {
    const { directory, logIn } = setUp(afterOutage);

    const answers = await all((broker) => logIn(broker, `wrong-${broker}`));

    expect(directory.mostWrong()).toBeLessThan(4);
    expect(answers).toContain('too-many-attempts (account)');
    expect(answers).not.toContain('authenticated');
  });
});
