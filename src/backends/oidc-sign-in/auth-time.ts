/** When a person proved at the provider who they are: the claim `auth_time` (OpenID Connect Core, section 2). */
import type { SignInOutcome } from '../../core/sign-in.ts';
import type { Claims } from '../oidc/claim-path.ts';

/** What shows that time: the claim, or, where the provider has none, the sign-in itself. */
export type RecentSignIn = 'auth_time' | 'sign-in';

/** Seconds since the proof, as `max_age` of the request. A provider that is sent any has to give the claim. */
const MAX_AGE = 30 * 86_400;
const MAX_AGE_AGAIN = 300;
/** Seconds that the clock of the provider may be off. */
const CLOCK_SECONDS = 60;

/** @param isAgain whether the provider has to ask the person for a proof, also where it knows the browser */
export function authTimeParameters(isAgain: boolean): Readonly<Record<string, string>> {
  return isAgain ? { max_age: String(MAX_AGE_AGAIN), prompt: 'login' } : { max_age: String(MAX_AGE) };
}

/** @returns epoch seconds; undefined when the provider has not said it */
export function authTimeIn({ auth_time: time }: Claims, rule: RecentSignIn, now: number): number | undefined {
  if (typeof time === 'number' && Number.isFinite(time)) return Math.floor(time);
  return rule === 'sign-in' ? now : undefined;
}

/**
 * A browser may have changed the request on its way to the provider, so the answer has to show that the person was asked.
 *
 * @returns undefined when it shows that
 */
export function authTimeProblem(
  time: number | undefined,
  now: number,
): Exclude<SignInOutcome, { kind: 'signed-in' }> | undefined {
  if (time === undefined) {
    const cure = 'let the provider give it, or set recentSignIn';
    return { kind: 'cancelled', detail: `the ID token has no auth_time, although max_age was sent: ${cure}` };
  }
  const age = now - time;
  if (age <= MAX_AGE_AGAIN + CLOCK_SECONDS) return undefined;
  return { kind: 'invalid', detail: `the provider last asked the person ${age} seconds ago (auth_time)` };
}
