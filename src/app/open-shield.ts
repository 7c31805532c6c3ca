/** The shield before the backends, with its memory in this process. */
import { createShield } from '../flows/shield/shield.ts';
import type { Shield, ShieldSettings } from '../flows/shield/shield.ts';
import { systemClock } from '../platform/clock.ts';
import { createFingerprint } from '../platform/fingerprint.ts';
import { memoryCounters, memoryStore } from '../platform/store/memory.ts';

/** Logins remembered at once. Right and wrong ones are kept apart, so that guessing cannot push out who is right. */
const MAX_RIGHT = 50_000;
const MAX_WRONG = 50_000;

/** Active Directory locks an account after 5 wrong passwords or more in most companies: 3 leave room for other logins. */
const SETTINGS: ShieldSettings = {
  remember: 60,
  staleIfError: 0,
  rememberWrong: 300,
  rememberRefused: 30,
  maxWrongPerAccount: 3,
  window: 300,
};

export function openShield(settings: ShieldSettings = SETTINGS): Shield {
  const right = { maxEntries: MAX_RIGHT, clock: systemClock };
  const wrong = { maxEntries: MAX_WRONG, clock: systemClock };
  return createShield({
    settings,
    clock: systemClock,
    fingerprint: createFingerprint(),
    right: memoryStore(right),
    latest: memoryStore(right),
    wrong: memoryStore(wrong),
    counters: memoryCounters(wrong),
  });
}
