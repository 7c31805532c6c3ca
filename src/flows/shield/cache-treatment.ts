/** Which answers of a backend are cached, and for how long. */
import type { Budget, CachedAnswer, Settlement } from '../../core/ledger.ts';
import type { AuthnOutcome, RejectReason } from '../../core/ports.ts';
import type { ShieldSettings } from './settings.ts';

/**
 * How the cache treats a refusal.
 *
 * - `ends-logins`: cached, and the cached successful logins of the account end. The reason concerns the account, whatever
 *   the password.
 * - `cached`: cached; successful logins with another password stay.
 * - `not-cached`: to find it again is cheap, or the user can fix it between two tries.
 */
type CacheTreatment = 'ends-logins' | 'cached' | 'not-cached';

const CACHE_TREATMENT = {
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
  // It is an answer about issued credentials, which do not reach the shield.
  'sign-in-due': 'not-cached',
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

/**
 * What the ledger stores of an answer.
 *
 * @param account the account of the answer, as a fingerprint
 * @param name the budget that a cached success consults
 */
export function cacheEntry(
  settings: ShieldSettings,
  outcome: AuthnOutcome,
  account: string,
  name: Budget | undefined,
): Pick<Settlement, 'answer' | 'endsLoginsOf'> {
  switch (outcome.kind) {
    case 'authenticated': {
      const { remember: freshSeconds, staleIfError } = settings;
      const seconds = Math.max(freshSeconds, staleIfError);
      if (seconds === 0) return {};
      return { answer: { kind: 'success', identity: outcome.identity, account, name, freshSeconds, seconds } };
    }
    case 'unknown-user':
      return { answer: refusalFor(outcome, settings.rememberRefused) };
    case 'rejected': {
      const treatment: CacheTreatment = CACHE_TREATMENT[outcome.reason];
      return {
        answer:
          treatment === 'not-cached'
            ? undefined
            : refusalFor({ kind: 'rejected', reason: outcome.reason }, refusalSeconds(settings, outcome)),
        ...(treatment === 'ends-logins' ? { endsLoginsOf: account } : {}),
      };
    }
  }
}

function refusalFor(outcome: AuthnOutcome, seconds: number): CachedAnswer | undefined {
  return seconds === 0 ? undefined : { kind: 'refusal', outcome, seconds };
}

function refusalSeconds(
  { rememberWrong, rememberRefused }: ShieldSettings,
  { reason, holdFor = 0 }: Extract<AuthnOutcome, { readonly kind: 'rejected' }>,
): number {
  if (reason === 'wrong-password') return rememberWrong;
  return rememberRefused === 0 ? 0 : Math.max(holdFor, rememberRefused);
}
