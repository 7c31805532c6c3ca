/** A broker of a fleet in the process of the test: a shield over a store, in front of a backend. */
import { memoryLedger } from '../../src/platform/ledger/memory.ts';
import { openSharedStore } from '../../src/platform/valkey/shared-store.ts';
import type { SharedStore, SharedStoreOptions } from '../../src/platform/valkey/shared-store.ts';
import type { SharedEnd } from '../../src/platform/valkey/epoch-view.ts';
import type { Shield } from '../../src/flows/shield/shield.ts';
import type { ShieldSettings } from '../../src/flows/shield/settings.ts';
import { realClock, recordingLog } from './fakes.ts';
import type { LogLine } from './fakes.ts';
import { testShield } from './shielded.ts';

export const FLEET_KEY = Buffer.alloc(32, 'fleet key of a test');

export interface FleetMemberOptions extends Partial<SharedStoreOptions> {
  readonly address: SharedStoreOptions['address'];
  readonly settings?: Partial<ShieldSettings>;
}

export interface TestMember extends AsyncDisposable {
  readonly shared: SharedStore;
  readonly shield: Shield;
  /** What other brokers have ended. */
  readonly ends: readonly SharedEnd[];
  readonly log: readonly LogLine[];
}

export async function openMember({ settings, ...options }: FleetMemberOptions): Promise<TestMember> {
  const ends: SharedEnd[] = [];
  const log = recordingLog();
  const shared = await openSharedStore({
    keys: [FLEET_KEY],
    whenDown: 'local',
    cacheSeconds: 300,
    local: memoryLedger({ clock: realClock, maxEntries: 10_000 }),
    clock: realClock,
    log,
    onEnd: (ended) => void ends.push(ended),
    revisions: () => ({}),
    backends: () => [],
    ...options,
  });
  const { ledger, fingerprint } = shared;
  const shield = testShield({ ledger, fingerprint, ...(settings === undefined ? {} : { settings }) });
  return { shared, shield, ends, log: log.lines, [Symbol.asyncDispose]: () => shared[Symbol.asyncDispose]() };
}
