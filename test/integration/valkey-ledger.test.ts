/** The ledger in a real store keeps the contract of all ledgers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/ports.ts';
import type { Ledger } from '../../src/core/ledger.ts';
import type { ValkeyClient } from '../../src/platform/valkey/client.ts';
import { createEpochView } from '../../src/platform/valkey/epoch-view.ts';
import { createFleetKeys } from '../../src/platform/valkey/fleet-keys.ts';
import { valkeyLedger } from '../../src/platform/valkey/ledger.ts';
import { FLIGHT_SECONDS } from '../../src/platform/valkey/scripts/recall.ts';
import { ledgerContract } from '../contract/ledger.ts';
import { fixedClock } from '../support/fakes.ts';
import { openConnected, startStore, STORE_PROGRAMS } from '../support/valkey.ts';

const KEYS = createFleetKeys([Buffer.alloc(32, 'key')]);
/** Each schedule is some hundred commands. */
const SCHEDULES = 100;

for (const [name, { isHere, program }] of Object.entries(STORE_PROGRAMS)) {
  describe.skipIf(!isHere())(name, () => {
    const resources = new AsyncDisposableStack();
    let client: ValkeyClient;
    beforeAll(async () => {
      const store = resources.use(await startStore(await program()));
      client = resources.use(await openConnected(store.address));
    });
    afterAll(() => resources.disposeAsync());

    /** A ledger in a store that holds nothing. */
    async function openEmpty(clock: Clock) {
      await client.call('FLUSHALL');
      const ignore = (): void => undefined;
      const epochs = createEpochView({
        run: client.run,
        onEnd: ignore,
        onNewer: ignore,
        clock,
        now: clock.monotonic,
      });
      return { epochs, ledger: valkeyLedger({ epochs, keys: KEYS, clock }) };
    }

    async function open(clock: Clock): Promise<Ledger & AsyncDisposable> {
      const { ledger, epochs } = await openEmpty(clock);
      return {
        recall: async (question) => (await ledger.recall(question)).recalled,
        reserve: async (reservation) => (await ledger.reserve(reservation)).reserved,
        settle: ledger.settle,
        end: async (ended) => void (await epochs.end(ended)),
        [Symbol.asyncDispose]: async () => undefined,
      };
    }

    ledgerContract(name, open, SCHEDULES);

    describe('flights', () => {
      const question = (id: string) => ({ backend: 'corp', login: 'alice', id });

      async function openFlights() {
        const clock = fixedClock();
        const { ledger } = await openEmpty(clock);
        const recall = async (id: string): Promise<string> => (await ledger.recall(question(id))).recalled.kind;
        return { clock, ledger, recall };
      }

      it('end three seconds after the broker that leads was killed', async () => {
        const { clock, recall } = await openFlights();
        const kinds = [await recall('1')];
        for (const seconds of [FLIGHT_SECONDS - 0.1, 0.1]) {
          clock.advance(seconds);
          kinds.push(await recall('2'));
        }

        expect(kinds).toEqual(['lead', 'wait', 'lead']);
      });

      it('last as long as the broker that leads renews them', async () => {
        const { clock, ledger, recall } = await openFlights();
        const kinds = [await recall('1')];
        for (let n = 0; n < 4; n += 1) {
          clock.advance(FLIGHT_SECONDS - 0.1);
          await ledger.renew([question('1')]);
          kinds.push(await recall('2'));
        }

        expect(kinds).toEqual(['lead', 'wait', 'wait', 'wait', 'wait']);
      });

      it('are not renewed by a broker that was replaced, or when they have ended', async () => {
        const { clock, ledger, recall } = await openFlights();
        await recall('1');
        clock.advance(FLIGHT_SECONDS);
        await ledger.renew([question('1')]);
        const kinds = [await recall('2')];
        clock.advance(FLIGHT_SECONDS - 0.1);
        await ledger.renew([question('1')]);
        clock.advance(0.1);
        kinds.push(await recall('3'));

        expect(kinds).toEqual(['lead', 'lead']);
      });
    });
  });
}
