/** The cache of answers to logins: which are cached, and for how long. */
import type { AuthnOutcome, RejectReason } from '../../core/ports.ts';
import type { CachedLogin, ShieldDeps } from './settings.ts';

/**
 * How the cache treats a refusal.
 *
 * - `ends-logins`: cached, and the cached successful logins of the account end. The reason concerns the account, whatever
 *   the password.
 * - `cached`: cached; successful logins with another password stay.
 * - `not-cached`: to find it again is cheap, or the user can fix it between two tries.
 */
export type CacheTreatment = 'ends-logins' | 'cached' | 'not-cached';

export const CACHE_TREATMENT = {
  'wrong-password': 'cached',
  'empty-password': 'not-cached',
  'invalid-name': 'not-cached',
  ambiguous: 'not-cached',
  locked: 'ends-logins',
  disabled: 'ends-logins',
  expired: 'ends-logins',
  'password-expired': 'ends-logins',
  'must-change-password': 'ends-logins',
  'not-now': 'cached',
  'not-allowed': 'cached',
  'mfa-required': 'cached',
  held: 'not-cached',
  'too-many-attempts': 'not-cached',
  // Neither misplaced tokens nor the tokens of a backend reach the shield.
  'misplaced-token': 'not-cached',
  'malformed-token': 'cached',
  'unsigned-token': 'cached',
  'unlisted-issuer': 'cached',
  'algorithm-not-allowed': 'cached',
  'unknown-key': 'cached',
  'bad-signature': 'cached',
  'wrong-audience': 'cached',
  'token-expired': 'cached',
  'token-not-yet-valid': 'cached',
  'token-lifetime-too-long': 'cached',
  'claim-not-bound': 'cached',
  'unusable-claims': 'cached',
} as const satisfies Record<RejectReason, CacheTreatment>;

type Refusal = Extract<AuthnOutcome, { readonly kind: 'rejected' }>;

export interface LoginCache {
  find(key: string): Promise<AuthnOutcome | undefined>;
  /** A successful login that may be older than `remember`, for the time of an outage. */
  findStale(key: string): Promise<AuthnOutcome | undefined>;
  store(key: string, backend: string, outcome: AuthnOutcome, subject: string): Promise<void>;
}

export function createLoginCache({
  settings,
  clock,
  fingerprint,
  successful,
  latest,
  refused,
}: ShieldDeps): LoginCache {
  const lifetime = Math.max(settings.remember, settings.staleIfError);

  /** Only the latest successful login of an account is valid: after a change of the password the old one is not. */
  async function findSuccessful(key: string): Promise<CachedLogin | undefined> {
    const entry = await successful.get(key);
    if (entry === undefined) return undefined;
    return (await latest.get(entry.account)) === key ? entry : undefined;
  }

  async function storeSuccessful(key: string, account: string, outcome: CachedLogin['outcome']): Promise<void> {
    if (lifetime === 0) return;
    await latest.put(account, key, lifetime);
    const freshUntil = clock.monotonic() + settings.remember * 1000;
    await successful.put(key, { outcome, account, freshUntil }, lifetime);
  }

  async function storeRefusal(key: string, account: string, refusal: Refusal): Promise<void> {
    const { reason } = refusal;
    const treatment: CacheTreatment = CACHE_TREATMENT[reason];
    if (treatment === 'ends-logins') await latest.remove(account);
    const seconds = treatment === 'not-cached' ? 0 : refusalLifetime(refusal);
    if (seconds > 0) await refused.put(key, { kind: 'rejected', reason }, seconds);
  }

  function refusalLifetime({ reason, holdFor = 0 }: Refusal): number {
    if (reason === 'wrong-password') return settings.rememberWrong;
    return settings.rememberRefused === 0 ? 0 : Math.max(holdFor, settings.rememberRefused);
  }

  return {
    find: async (key) => {
      const entry = await findSuccessful(key);
      if (entry !== undefined && clock.monotonic() < entry.freshUntil) return entry.outcome;
      return refused.get(key);
    },
    findStale: async (key) => (settings.staleIfError === 0 ? undefined : (await findSuccessful(key))?.outcome),
    store: async (key, backend, outcome, subject) => {
      const account = fingerprint('account', backend, subject);
      switch (outcome.kind) {
        case 'authenticated':
          return storeSuccessful(key, account, outcome);
        case 'rejected':
          return storeRefusal(key, account, outcome);
        case 'unknown-user':
          if (settings.rememberRefused > 0) await refused.put(key, outcome, settings.rememberRefused);
      }
    },
  };
}
