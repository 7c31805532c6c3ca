/** What a backend answers to a login. */
import type { Identity } from './identity.ts';

/** Why a backend refused; for the log and metrics only. The client reads the same sentence for all of them. */
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
  | 'mfa-required'
  /** What is wrong with a token that was presented as the password. */
  | TokenFlaw
  /** A refresh token came in the password's place: the client does not know what it is. */
  | 'misplaced-refresh-token'
  /** The shield's own: the account was refused a moment ago in a way that no other password changes. */
  | 'held'
  /** The shield's own: more wrong passwords than it lets through to the source. */
  | 'too-many-attempts';

export type TokenFlaw =
  | 'malformed-token'
  | 'unsigned-token'
  /** No backend is for tokens of this issuer. */
  | 'unlisted-issuer'
  | 'algorithm-not-allowed'
  | 'unknown-key'
  | 'bad-signature'
  | 'wrong-audience'
  | 'token-expired'
  | 'token-not-yet-valid'
  /** A claim is not what the configuration binds it to. */
  | 'claim-not-bound'
  /** The claims do not make a user: one is missing, or is no name. */
  | 'unusable-claims';

export type AuthnOutcome =
  | { readonly kind: 'authenticated'; readonly identity: Identity }
  /** This backend has no such user: the next one is asked. */
  | { readonly kind: 'unknown-user' }
  /** This is the user's backend and it says no: no other backend is asked. */
  | {
      readonly kind: 'rejected';
      readonly reason: RejectReason;
      /** More than the reason, for the log; never a secret. */
      readonly detail?: string;
      /** Seconds for which no other password of the account is worth sending to the source. */
      readonly holdFor?: number;
    };
