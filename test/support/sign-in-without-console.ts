/** A sign-in at a real provider with a backend alone: begun, answered by the browser, and finished. */
import { deadlineIn } from '../../src/core/deadline.ts';
import type { Authenticator, AuthnOutcome, Clock } from '../../src/core/ports.ts';
import type { SignedInAccounts } from '../../src/core/signed-in-account.ts';
import type { Sealing, SignInOutcome } from '../../src/core/sign-in.ts';
import { createSealing } from '../../src/platform/sealing.ts';
import { memoryStore } from '../../src/platform/store/memory.ts';
import { realClock } from './fakes.ts';
import { fetchBrowser } from './fetch-browser.ts';
import type { FetchBrowser } from './fetch-browser.ts';

/** Where the provider sends the browser back. Nothing listens there. */
export const REDIRECT_URI = 'http://localhost:1/sign-in/callback';

/** The records of a fleet, as its backends get them. */
export function accountRecords(clock: Clock = realClock): {
  readonly accounts: SignedInAccounts;
  readonly sealing: Sealing;
} {
  const keys = memoryStore<{ readonly key: string; readonly createdAt: number }>({ maxEntries: 100, clock });
  const sealing = createSealing({ store: keys, clock, use: 'accounts', maxLength: 64 * 1024 });
  return { accounts: memoryStore({ maxEntries: 100, clock }), sealing };
}

/** Makes every check of the provider look this much older, and the last failure too old to matter. */
export async function ageChecks(accounts: SignedInAccounts, seconds: number): Promise<void> {
  for (const { key, value } of await accounts.list()) {
    const { refresh } = value;
    if (refresh === undefined) continue;
    const aged = { ...refresh, checkedAt: refresh.checkedAt - seconds, busyUntil: 0, hasFailed: false };
    await accounts.put(key, { ...value, refresh: aged }, 3600);
  }
}

/** @param fill opens the page of the provider and signs in; absent: the provider asks nothing */
export async function signInAlone(
  { signIn }: Authenticator,
  fill: (browser: FetchBrowser, url: string) => Promise<unknown> = (browser, url) => browser.open(url),
): Promise<SignInOutcome> {
  if (signIn === undefined) throw new Error('the backend offers sign-in');
  const { url, transaction } = await signIn.begin(REDIRECT_URI, false, deadlineIn(realClock, 8000));
  const browser = fetchBrowser({ stopAt: REDIRECT_URI });
  await fill(browser, url);
  const query = browser.stoppedAt()?.search.slice(1) ?? '';
  const answer = { query, redirectUri: REDIRECT_URI, transaction, isAgain: false };
  const outcome = await signIn.finish(answer, deadlineIn(realClock, 8000));
  if (outcome.kind === 'signed-in') await outcome.record?.();
  return outcome;
}

export function revalidateAlone({ revalidate }: Authenticator, outcome: SignInOutcome): Promise<AuthnOutcome> {
  if (revalidate === undefined || outcome.kind !== 'signed-in') throw new Error(`nobody signed in: ${outcome.kind}`);
  return revalidate({ login: outcome.login, subject: outcome.sub }, deadlineIn(realClock, 8000));
}
