/** The answer of a backend to a login. */
import type { Identity } from './identity.ts';
import type { BudgetKind } from './ledger.ts';

/**
 * Why a login was refused; for the log and metrics. `flows/identify.ts` chooses the error code of each, and so the
 * sentence that the client reads: most reasons share one.
 */
export type RejectReason =
  | 'wrong-password'
  | 'empty-password'
  | 'invalid-name'
  | 'ambiguous'
  | 'locked'
  | 'disabled'
  | 'expired'
  | 'password-expired'
  | 'must-change-password'
  | 'not-now'
  /** The password is correct, and the directory does not let this user log in here. */
  | 'not-allowed'
  | 'mfa-required'
  /** The person has not signed in with a browser for too long. A sign-in is enough to make everything work again. */
  | 'sign-in-due'
  /** What is wrong with a token that was presented as the password. */
  | TokenFlaw
  /** A token of Fairlead, whole or not, was sent as the password or user name (see `hasFairleadPrefix`). */
  | 'misplaced-token'
  /** From the shield: a recent refusal puts the account on hold, whatever the password. */
  | 'held'
  /** From the shield: the limit of wrong passwords is reached. */
  | 'too-many-attempts';

export type TokenFlaw =
  | 'malformed-token'
  | 'unsigned-token'
  /** No backend accepts tokens of this issuer. */
  | 'unlisted-issuer'
  | 'algorithm-not-allowed'
  | 'unknown-key'
  | 'bad-signature'
  | 'wrong-audience'
  | 'token-expired'
  | 'token-not-yet-valid'
  | 'token-lifetime-too-long'
  /** A claim does not have the value that the configuration requires. */
  | 'claim-not-bound'
  /** The claims do not name a user: one is missing, or its value is not a valid name. */
  | 'unusable-claims';

export type AuthnOutcome =
  | { readonly kind: 'authenticated'; readonly identity: Identity }
  /** This backend has no such user. The next backend is asked. */
  | { readonly kind: 'unknown-user' }
  /** The backend knows the user and refuses the login. No other backend is asked. */
  | {
      readonly kind: 'rejected';
      readonly reason: RejectReason;
      /** Details for the log; never a secret. */
      readonly detail?: string;
      /** Seconds for which the answer is the same for every password of the account. */
      readonly holdFor?: number;
      /** For `too-many-attempts`: the limit that is reached. */
      readonly limit?: BudgetKind;
      /** Seconds after which a new attempt may be made. */
      readonly retryAfter?: number;
    };
