/** The shield before the backends, with its memory in this process. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import type { AuthnOutcome } from '../core/ports.ts';
import { createShield } from '../flows/shield/shield.ts';
import type { Remembered, ShieldSettings } from '../flows/shield/settings.ts';
import type { Shield } from '../flows/shield/shield.ts';
import { systemClock } from '../platform/clock.ts';
import { createFingerprint } from '../platform/fingerprint.ts';
import { memoryCounters, memoryStore } from '../platform/store/memory.ts';

/** Logins remembered at once. Right and wrong ones are kept apart, so that guessing cannot push out who is right. */
const MAX_RIGHT = 50_000;
const MAX_WRONG = 50_000;

export interface OpenShield extends Shield {
  /** How many logins of each kind are remembered. */
  sizes(): Readonly<Record<'right' | 'wrong' | 'counted', number>>;
}

export function openShield({ shield: settings }: BrokerConfig): OpenShield {
  const bounds = { maxEntries: MAX_RIGHT, clock: systemClock };
  const boundsOfWrong = { maxEntries: MAX_WRONG, clock: systemClock };
  const right = memoryStore<Remembered>(bounds);
  const wrong = memoryStore<AuthnOutcome>(boundsOfWrong);
  const counters = memoryCounters(boundsOfWrong);
  const shield = createShield({
    settings: settingsOf(settings),
    clock: systemClock,
    fingerprint: createFingerprint(),
    right,
    latest: memoryStore(bounds),
    wrong,
    counters,
  });
  return { ...shield, sizes: () => ({ right: right.size(), wrong: wrong.size(), counted: counters.size() }) };
}

function settingsOf({ wrongPasswords, ...durations }: BrokerConfig['shield']): ShieldSettings {
  return {
    ...durations,
    maxWrongPerAccount: wrongPasswords.max,
    maxWrongPerAddress: wrongPasswords.maxPerAddress,
    window: wrongPasswords.window,
  };
}
