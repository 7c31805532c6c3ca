/** The test login of administrators over given backends, with its limits in memory. */
import { Secret } from '../../src/core/identity.ts';
import type { Authenticator } from '../../src/core/ports.ts';
import { createTestAttempts } from '../../src/flows/shield/test-attempts.ts';
import { createTestLogin } from '../../src/flows/test-login.ts';
import type { ShieldSettings } from '../../src/flows/shield/settings.ts';
import { createFingerprint } from '../../src/platform/fingerprint.ts';
import { randomIds } from '../../src/platform/ids.ts';
import { memoryLedger } from '../../src/platform/ledger/memory.ts';
import { systemTimer } from '../../src/platform/timer.ts';
import { identity } from './fake-backend.ts';
import { realClock, recordingAudit } from './fakes.ts';
import { CLIENT, SHIELD_SETTINGS } from './shielded.ts';

/** @returns the texts of the steps, or why there was no test */
export type TestTexts = (username: string, password: string) => Promise<readonly string[]>;

export function testedLogin(backends: readonly Authenticator[], settings: Partial<ShieldSettings> = {}): TestTexts {
  const ledger = memoryLedger({ clock: realClock, maxEntries: 1000 });
  const attempts = createTestAttempts({
    settings: { ...SHIELD_SETTINGS, ...settings },
    fingerprint: createFingerprint(),
    ledger,
    ids: randomIds,
    timer: systemTimer,
  });
  const test = createTestLogin({
    backends: backends.map((authenticator) => ({ authenticator, usernames: undefined })),
    clock: realClock,
    timer: systemTimer,
    audit: recordingAudit(),
    attempts,
  });
  return async (username, password) => {
    const tested = await test({
      credential: { username, password: new Secret(password) },
      by: identity('olga'),
      request: { requestId: 'r-1', client: CLIENT },
    });
    return tested.kind === 'tested' ? tested.steps.map(({ text }) => text) : [tested.kind];
  };
}
