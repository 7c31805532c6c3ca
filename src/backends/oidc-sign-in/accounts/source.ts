/** Where the accounts are of people who sign in here. `accounts.from` of the configuration names one of these sources. */
import type { Deadline } from '../../../core/deadline.ts';
import type { Account, AuthnOutcome, Clock } from '../../../core/ports.ts';
import type { SignedInIdentity } from '../../../core/sign-in.ts';
import type { SignedInAccounts } from '../../../core/signed-in-account.ts';
import type { ClaimSources } from '../../oidc/client/identity.ts';
import type { Session } from '../../oidc/client/provider.ts';

/** A person whom the provider has just signed in. */
export interface CompletedSignIn {
  /** The provider, for as long as the sign-in may take. */
  readonly session: Session;
  /** What the provider says about the person. */
  readonly claims: ClaimSources;
  readonly identity: SignedInIdentity;
  /** Undefined: the provider sent none. */
  readonly refreshToken: string | undefined;
}

export type CheckedSignIn =
  | {
      readonly kind: 'valid';
      readonly identity: SignedInIdentity;
      /** As `SignInOutcome.record`. */
      record(): Promise<void>;
    }
  /** The source has no such account, or it is disabled. */
  | { readonly kind: 'refused'; readonly detail: string };

export interface AccountSource {
  /** Checks a sign-in, and records nothing yet. Throws BrokerError `backend_unavailable`. */
  check(signIn: CompletedSignIn): Promise<CheckedSignIn>;
  /** As `Authenticator.revalidate`. */
  revalidate(account: Account, deadline: Deadline): Promise<AuthnOutcome>;
  /** As `Authenticator.clearCaches`. */
  clearCaches?(): void;
}

export interface AccountSourceDeps {
  /** The configured name of the backend. */
  readonly backend: string;
  readonly store: SignedInAccounts;
  readonly clock: Clock;
}

/** The answer for an account that only lacks a sign-in. */
export function signInDue(detail: string): AuthnOutcome {
  return { kind: 'rejected', reason: 'sign-in-due', detail };
}
