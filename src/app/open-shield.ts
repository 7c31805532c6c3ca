/** The shield, with its cache and its counts in the memory of this process. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import type { AuthnOutcome } from '../core/ports.ts';
import { createShield } from '../flows/shield/shield.ts';
import type { CachedLogin, ShieldSettings } from '../flows/shield/settings.ts';
import type { Shield } from '../flows/shield/shield.ts';
import { systemClock } from '../platform/clock.ts';
import { createFingerprint } from '../platform/fingerprint.ts';
import { memoryCounters, memoryStore } from '../platform/store/memory.ts';

/** Maximum entries. Successful and refused logins have a store each, so that guesses cannot evict successful logins. */
const MAX_SUCCESSFUL = 50_000;
const MAX_REFUSED = 50_000;

export interface OpenShield extends Shield {
  /** The number of cached logins, and of counted accounts and addresses, as the metric names them. */
  sizes(): Readonly<Record<'right' | 'wrong' | 'counted', number>>;
}

export function openShield({ shield: settings }: BrokerConfig): OpenShield {
  const successfulLimit = { maxEntries: MAX_SUCCESSFUL, clock: systemClock };
  const refusedLimit = { maxEntries: MAX_REFUSED, clock: systemClock };
  const successful = memoryStore<CachedLogin>(successfulLimit);
  const refused = memoryStore<AuthnOutcome>(refusedLimit);
  const counters = memoryCounters(refusedLimit);
  const shield = createShield({
    settings: settingsOf(settings),
    clock: systemClock,
    fingerprint: createFingerprint(),
    successful,
    latest: memoryStore(successfulLimit),
    refused,
    counters,
  });
  return { ...shield, sizes: () => ({ right: successful.size(), wrong: refused.size(), counted: counters.size() }) };
}

function settingsOf({ wrongPasswords, ...durations }: BrokerConfig['shield']): ShieldSettings {
  return {
    ...durations,
    maxWrongPerAccount: wrongPasswords.max,
    maxWrongPerAddress: wrongPasswords.maxPerAddress,
    window: wrongPasswords.window,
  };
}
