/** A backend behind the shield, as in a broker. */
import { deadlineIn } from '../../src/core/deadline.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Authenticator, Clock, Fingerprint, Ledger, Timer } from '../../src/core/ports.ts';
import { createShield } from '../../src/flows/shield/shield.ts';
import type { Shield, ShieldedAnswer } from '../../src/flows/shield/shield.ts';
import type { ShieldSettings } from '../../src/flows/shield/settings.ts';
import { createFingerprint } from '../../src/platform/fingerprint.ts';
import { randomIds } from '../../src/platform/ids.ts';
import { memoryLedger } from '../../src/platform/ledger/memory.ts';
import { systemTimer } from '../../src/platform/timer.ts';
import { realClock } from './fakes.ts';

export const SHIELD_SETTINGS: ShieldSettings = {
  remember: 60,
  staleIfError: 0,
  rememberWrong: 300,
  rememberRefused: 30,
  maxWrongPerAccount: 4,
  window: 300,
  maxWrongPerAddress: 0,
};

export const CLIENT = '192.0.2.1';

export interface TestShieldOptions {
  readonly settings?: Partial<ShieldSettings>;
  readonly clock?: Clock;
  readonly timer?: Timer;
  readonly ledger?: Ledger;
  readonly fingerprint?: Fingerprint;
  readonly maxEntries?: number;
}

/** A shield over a ledger in memory. */
export function testShield({
  settings = {},
  clock = realClock,
  timer = systemTimer,
  maxEntries = 1000,
  ledger = memoryLedger({ clock, maxEntries }),
  fingerprint = createFingerprint(),
}: TestShieldOptions = {}): Shield {
  return createShield({ settings: { ...SHIELD_SETTINGS, ...settings }, fingerprint, ledger, ids: randomIds, timer });
}

export interface TypedLogin {
  readonly username?: string;
  readonly password: string;
  readonly client?: string;
}

/** One login at one backend. */
export async function logInThrough(
  shield: Shield,
  backend: Authenticator,
  { username = 'alice', password, client = CLIENT }: TypedLogin,
  clock: Clock = realClock,
): Promise<ShieldedAnswer> {
  const login = shield.begin({ username, password: new Secret(password) }, client);
  try {
    const answer = await login.ask(backend, deadlineIn(clock, 8000));
    await login.end(answer.outcome);
    return answer;
  } catch (error) {
    await login.end(undefined);
    throw error;
  }
}

/** The outcome in one word, with the limit where one is reached. */
export function word({ outcome }: ShieldedAnswer): string {
  if (outcome.kind !== 'rejected') return outcome.kind;
  return outcome.limit === undefined ? outcome.reason : `${outcome.reason} (${outcome.limit})`;
}

export type LogIn = (typed: string, password: string) => Promise<string>;

/**
 * Logs in through a shield of its own, and returns the outcome in one word.
 *
 * @param settings those that differ from the default
 */
export function shielded(backend: Authenticator, settings: Partial<ShieldSettings> = {}): LogIn {
  const shield = testShield({ settings });
  return async (username, password) => word(await logInThrough(shield, backend, { username, password }));
}
