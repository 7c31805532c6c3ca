/** The ledger in a real store keeps the contract of all ledgers. */
import { afterAll, beforeAll, describe } from 'vitest';
import type { Clock } from '../../src/core/ports.ts';
import type { Ledger } from '../../src/core/ledger.ts';
import type { ValkeyClient } from '../../src/platform/valkey/client.ts';
import { createEpochView } from '../../src/platform/valkey/epoch-view.ts';
import { createFleetKeys } from '../../src/platform/valkey/fleet-keys.ts';
import { valkeyLedger } from '../../src/platform/valkey/ledger.ts';
import { ledgerContract } from '../contract/ledger.ts';
import { findPart } from '../support/parts.ts';
import { openConnected, REDIS, startStore, VALKEY } from '../support/valkey.ts';

const KEYS = createFleetKeys([Buffer.alloc(32, 'key')]);
/** Each schedule is some hundred commands. */
const SCHEDULES = 100;

for (const part of [REDIS, VALKEY]) {
  const program = findPart(part);
  describe.skipIf(program === undefined)(part.program, () => {
    const resources = new AsyncDisposableStack();
    let client: ValkeyClient;
    beforeAll(async () => {
      const store = resources.use(await startStore(program ?? ''));
      client = resources.use(await openConnected(store.address));
    });
    afterAll(() => resources.disposeAsync());

    async function open(clock: Clock): Promise<Ledger & AsyncDisposable> {
      await client.call('FLUSHALL');
      const ignore = (): void => undefined;
      const epochs = createEpochView({ run: client.run, onEnd: ignore, onNewer: ignore, now: clock.monotonic });
      const ledger = valkeyLedger({ epochs, keys: KEYS, clock });
      return {
        recall: async (question) => (await ledger.recall(question)).recalled,
        reserve: async (reservation) => (await ledger.reserve(reservation)).reserved,
        settle: ledger.settle,
        end: async (ended) => void (await epochs.end(ended)),
        [Symbol.asyncDispose]: async () => undefined,
      };
    }

    ledgerContract(part.program, open, SCHEDULES);
  });
}
