/** A backend behind the shield, as in a broker. */
import { deadlineIn } from '../../src/core/deadline.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Authenticator } from '../../src/core/ports.ts';
import { createShield } from '../../src/flows/shield/shield.ts';
import type { ShieldedAnswer } from '../../src/flows/shield/shield.ts';
import { createFingerprint } from '../../src/platform/fingerprint.ts';
import { memoryCounters, memoryStore } from '../../src/platform/store/memory.ts';
import { realClock as clock } from './fakes.ts';

type Settings = Parameters<typeof createShield>[0]['settings'];

const SETTINGS: Settings = {
  remember: 60,
  staleIfError: 0,
  rememberWrong: 300,
  rememberRefused: 30,
  maxWrongPerAccount: 3,
  window: 300,
  maxWrongPerAddress: 0,
};

export type LogIn = (typed: string, password: string) => Promise<string>;

/** Logs in through a shield of its own, and returns the outcome in one word. @param more settings that differ from the default */
export function shielded(backend: Authenticator, more: Partial<Settings> = {}): LogIn {
  const bounded = { maxEntries: 1000, clock };
  const shield = createShield({
    settings: { ...SETTINGS, ...more },
    clock,
    fingerprint: createFingerprint(),
    successful: memoryStore(bounded),
    latest: memoryStore(bounded),
    refused: memoryStore(bounded),
    counters: memoryCounters(bounded),
  });
  return async (typed, password) => {
    const credential = { username: typed, password: new Secret(password) };
    return word(await shield.authenticate(backend, credential, deadlineIn(clock, 8000), '192.0.2.1'));
  };
}

const word = ({ outcome }: ShieldedAnswer): string => (outcome.kind === 'rejected' ? outcome.reason : outcome.kind);
