/** Compares the limits of the shield with the lockout policy of each directory. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { deadlineIn } from '../core/deadline.ts';
import type { Authenticator, Clock, LockoutPolicy } from '../core/ports.ts';
import type { ChainedBackend } from '../flows/chain.ts';
import { LOGIN_BUDGET_MS } from '../flows/login-time.ts';

type Limits = Pick<BrokerConfig['shield']['wrongPasswords'], 'max' | 'window'>;

/** Directories that do not answer are reported elsewhere, and have no warning here. */
export async function lockoutWarnings(
  backends: readonly ChainedBackend[],
  limits: Limits,
  clock: Clock,
): Promise<readonly string[]> {
  const deadline = deadlineIn(clock, LOGIN_BUDGET_MS);
  const ask = async ({ name, lockoutPolicy }: Authenticator): Promise<readonly string[]> => {
    const policy = await lockoutPolicy?.(deadline).catch(() => undefined);
    const warning = policy === undefined ? undefined : lockoutWarning(policy, limits);
    return warning === undefined ? [] : [`backend ${name}: ${warning}`];
  };
  return (await Promise.all(backends.map(({ authenticator }) => ask(authenticator)))).flat();
}

/** The greatest window that the configuration accepts. */
const MAX_WINDOW = 24 * 3600;

/** @returns undefined when wrong passwords through the broker cannot lock an account */
export function lockoutWarning({ threshold, window }: LockoutPolicy, limits: Limits): string | undefined {
  const isTooMany = limits.max === 0 || limits.max >= threshold;
  const isTooShort = limits.window < Math.min(window, MAX_WINDOW);
  if (!isTooMany && !isTooShort) return undefined;
  const counts = window === Infinity ? 'until the next successful login' : `for ${text(window)}`;
  const max = isTooMany ? Math.max(1, threshold - 1) : limits.max;
  const least = isTooShort ? Math.min(window, MAX_WINDOW) : limits.window;
  return (
    `the directory locks an account after ${threshold} wrong passwords, and counts them ${counts}; ` +
    `shield.wrongPasswords has max: ${limits.max}, window: ${text(limits.window)}: ` +
    `write rememberWrong: ${text(least)}, wrongPasswords: { max: ${max}, window: ${text(least)} }`
  );
}

function text(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
