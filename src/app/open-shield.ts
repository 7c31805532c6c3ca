/** The shield, with its ledger in the memory of this process. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { createShield } from '../flows/shield/shield.ts';
import type { ShieldSettings } from '../flows/shield/settings.ts';
import type { Shield } from '../flows/shield/shield.ts';
import { systemClock } from '../platform/clock.ts';
import { createFingerprint } from '../platform/fingerprint.ts';
import { randomIds } from '../platform/ids.ts';
import { memoryLedger } from '../platform/ledger/memory.ts';
import type { MemoryLedger } from '../platform/ledger/memory.ts';
import { systemTimer } from '../platform/timer.ts';

/** Entries of each part of the ledger: the logins of 100,000 users and more, in some 50 MB. */
const MAX_ENTRIES = 131_072;

interface OpenShield extends Shield {
  /** How many logins are cached, counted and trusted, as the metric names them. */
  readonly sizes: MemoryLedger['sizes'];
}

export function openShield({ shield: settings }: BrokerConfig): OpenShield {
  const ledger = memoryLedger({ clock: systemClock, maxEntries: MAX_ENTRIES });
  const shield = createShield({
    settings: settingsOf(settings),
    fingerprint: createFingerprint(),
    ledger,
    ids: randomIds,
    timer: systemTimer,
  });
  return { ...shield, sizes: ledger.sizes };
}

function settingsOf({ wrongPasswords, ...durations }: BrokerConfig['shield']): ShieldSettings {
  return {
    ...durations,
    maxWrongPerAccount: wrongPasswords.max,
    maxWrongPerAddress: wrongPasswords.maxPerAddress,
    window: wrongPasswords.window,
  };
}
