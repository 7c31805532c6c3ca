/** The ledger of a broker over a store whose replies take their time, on a clock that only the test moves. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Settlement } from '../../src/core/ledger.ts';
import { memoryLedger } from '../../src/platform/ledger/memory.ts';
import { sharedLedger } from '../../src/platform/valkey/shared-ledger.ts';
import type { SharedLedger } from '../../src/platform/valkey/shared-ledger.ts';
import { createShares } from '../../src/platform/valkey/shares.ts';
import { createStoreTimes, UNLIMITED } from '../../src/platform/valkey/store-time.ts';
import { fixedClock } from './fakes.ts';
import type { FixedClock } from './fakes.ts';

/** In the order in which the store has them. */
interface StoreRecord {
  /** The names of all commands. */
  readonly commands: string[];
  readonly settlements: Settlement[];
  /** The logins of the flights that were renewed, for each command. */
  readonly renewed: (readonly string[])[];
}

interface SlowStore {
  readonly ledger: SharedLedger;
  readonly clock: FixedClock;
  readonly record: StoreRecord;
  /** How many logins have used up their time. */
  usedUp(): number;
  /** Lets time pass until the work is done. @returns its result, and how many milliseconds it took */
  finish<T>(work: Promise<T>): Promise<{ readonly result: T; readonly milliseconds: number }>;
}

interface SlowStoreOptions {
  /** Milliseconds from a command to its reply. */
  readonly replyMs: number;
  /** The limit of one login, in milliseconds; absent: none. */
  readonly limitMs?: number;
}

const STEP_MS = 10;

export function slowStore({ replyMs, limitMs }: SlowStoreOptions): SlowStore {
  const clock = fixedClock(0);
  const now = (): number => clock.monotonic();
  const due: { readonly at: number; readonly work: () => void }[] = [];
  const later = (milliseconds: number, work: () => void): void => void due.push({ at: now() + milliseconds, work });
  const record: StoreRecord = { commands: [], settlements: [], renewed: [] };
  let usedUp = 0;
  const stored = memoryLedger({ clock, maxEntries: 1000 });

  /** The store does the work at once, and its reply comes later. */
  async function command<T>(name: string, work: () => Promise<T>): Promise<T> {
    record.commands.push(name);
    const reply = await work();
    const { promise, resolve } = Promise.withResolvers<void>();
    later(replyMs, resolve);
    await promise;
    return reply;
  }

  const ledger = sharedLedger({
    remote: {
      recall: (question) =>
        command('recall', async () => ({ recalled: await stored.recall(question), answer: undefined })),
      reserve: (reservation) =>
        command('reserve', async () => ({ reserved: await stored.reserve(reservation), counts: [] })),
      settle: (settlement) =>
        command('settle', () => {
          record.settlements.push(settlement);
          return stored.settle(settlement);
        }),
      renew: (flights) =>
        command('renew', async () => {
          record.renewed.push(flights.map(({ login }) => login));
        }),
      addWrong: () => command('addWrong', async () => undefined),
    },
    local: memoryLedger({ clock, maxEntries: 1000 }),
    epochs: { current: () => 0, end: async () => 0 },
    breaker: { isUp: () => true, run: (work) => work() },
    shares: createShares(clock),
    whenDown: 'local',
    brokers: () => 1,
    settledElsewhere: async () => undefined,
    storeTime:
      limitMs === undefined
        ? () => UNLIMITED
        : createStoreTimes({ limitMs, now, later, onUsedUp: () => void (usedUp += 1) }),
    clock,
  });

  async function finish<T>(work: Promise<T>): Promise<{ readonly result: T; readonly milliseconds: number }> {
    const began = now();
    let isDone = false;
    const noteEnd = (): void => void (isDone = true);
    work.then(noteEnd, noteEnd);
    for (;;) {
      await turn();
      if (isDone) return { result: await work, milliseconds: Math.round(now() - began) };
      clock.advance(STEP_MS / 1000);
      const ready = due.filter(({ at }) => at <= now() + 0.001);
      for (const one of ready) due.splice(due.indexOf(one), 1);
      for (const { work: run } of ready) run();
    }
  }

  return { ledger, clock, record, usedUp: () => usedUp, finish };
}
