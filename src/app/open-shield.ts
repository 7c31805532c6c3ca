/** The shield before the backends, with its memory in this process. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { createShield } from '../flows/shield/shield.ts';
import type { ShieldSettings } from '../flows/shield/settings.ts';
import type { Shield } from '../flows/shield/shield.ts';
import { systemClock } from '../platform/clock.ts';
import { createFingerprint } from '../platform/fingerprint.ts';
import { memoryCounters, memoryStore } from '../platform/store/memory.ts';

/** Logins remembered at once. Right and wrong ones are kept apart, so that guessing cannot push out who is right. */
const MAX_RIGHT = 50_000;
const MAX_WRONG = 50_000;

export function openShield({ shield }: BrokerConfig): Shield {
  const right = { maxEntries: MAX_RIGHT, clock: systemClock };
  const wrong = { maxEntries: MAX_WRONG, clock: systemClock };
  return createShield({
    settings: settingsOf(shield),
    clock: systemClock,
    fingerprint: createFingerprint(),
    right: memoryStore(right),
    latest: memoryStore(right),
    wrong: memoryStore(wrong),
    counters: memoryCounters(wrong),
  });
}

function settingsOf({ wrongPasswords, ...durations }: BrokerConfig['shield']): ShieldSettings {
  return {
    ...durations,
    maxWrongPerAccount: wrongPasswords.max,
    maxWrongPerAddress: wrongPasswords.maxPerAddress,
    window: wrongPasswords.window,
  };
}
