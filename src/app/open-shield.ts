/** The shield, with its ledger in the memory of this process or shared with other brokers. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import type { Fingerprint, Ledger, Log } from '../core/ports.ts';
import { createShield } from '../flows/shield/shield.ts';
import type { ShieldDeps, ShieldSettings } from '../flows/shield/settings.ts';
import type { Shield } from '../flows/shield/shield.ts';
import { systemClock } from '../platform/clock.ts';
import { createFingerprint } from '../platform/fingerprint.ts';
import { randomIds } from '../platform/ids.ts';
import { memoryLedger } from '../platform/ledger/memory.ts';
import type { MemoryLedger } from '../platform/ledger/memory.ts';
import { systemTimer } from '../platform/timer.ts';
import type { BackendHeartbeat } from '../platform/valkey/backend-heartbeats.ts';
import type { SharedEnd } from '../platform/valkey/epoch-view.ts';
import type { SharedStore } from '../platform/valkey/shared-store.ts';
import { openShared } from './open-shared.ts';

/** Entries of each part of the ledger: the logins of 100,000 users and more, in some 50 MB. */
const MAX_ENTRIES = 131_072;

/** The counts and cached answers of the shield, and the fingerprint that makes their keys. */
export interface ShieldLedger {
  readonly ledger: Ledger;
  readonly fingerprint: Fingerprint;
}

interface OpenShield extends Shield, ShieldLedger, AsyncDisposable {
  /** For test logins, which are counted with logins. */
  readonly deps: ShieldDeps;
  /** How many logins are cached, counted and trusted, as the metric names them. */
  readonly sizes: MemoryLedger['sizes'];
  /** Absent: this broker shares nothing. */
  readonly shared: Pick<SharedStore, 'fleet' | 'state'> | undefined;
}

interface OpenShieldDeps {
  readonly log: Log;
  /** Called when another broker has ended something. */
  readonly onEnd: (ended: SharedEnd) => void;
  readonly revisions: () => Readonly<Record<string, string>>;
  readonly backends: () => readonly BackendHeartbeat[];
}

export async function openShield(config: BrokerConfig, deps: OpenShieldDeps): Promise<OpenShield> {
  const local = memoryLedger({ clock: systemClock, maxEntries: MAX_ENTRIES });
  const shared = await openShared(config, { ...deps, local });
  const fingerprint = shared?.fingerprint ?? createFingerprint();
  const ledger = shared?.ledger ?? local;
  const settings = settingsOf(config.shield);
  const shieldDeps = { settings, fingerprint, ledger, ids: randomIds, timer: systemTimer };
  const shield = createShield(shieldDeps);
  return {
    ...shield,
    deps: shieldDeps,
    ledger,
    fingerprint,
    sizes: local.sizes,
    shared,
    [Symbol.asyncDispose]: async () => {
      await shared?.[Symbol.asyncDispose]();
    },
  };
}

function settingsOf({ wrongPasswords, ...durations }: BrokerConfig['shield']): ShieldSettings {
  return {
    ...durations,
    maxWrongPerAccount: wrongPasswords.max,
    maxWrongPerAddress: wrongPasswords.maxPerAddress,
    window: wrongPasswords.window,
  };
}
