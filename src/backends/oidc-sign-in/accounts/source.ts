/** Where the accounts are of people who sign in here. `accounts.from` of the configuration names one of these sources. */
import type { Deadline } from '../../../core/deadline.ts';
import type { Identity } from '../../../core/identity.ts';
import type { Account, AuthnOutcome, Clock } from '../../../core/ports.ts';
import type { SignedInAccounts } from '../../../core/signed-in-account.ts';
import type { ClaimSources } from '../../oidc/client/identity.ts';
import type { Session } from '../../oidc/client/provider.ts';

export type OwnIdentity = Identity & { readonly subject: string };

/** A person whom the provider has just signed in. */
export interface CompletedSignIn {
  /** The provider, for as long as the sign-in may take. */
  readonly session: Session;
  /** What the provider says about the person. */
  readonly claims: ClaimSources;
  readonly identity: OwnIdentity;
  /** Undefined: the provider sent none. */
  readonly refreshToken: string | undefined;
}

export type RecordedSignIn =
  | { readonly kind: 'recorded'; readonly identity: OwnIdentity }
  /** The source has no such account, or it is disabled. */
  | { readonly kind: 'refused'; readonly detail: string };

export interface AccountSource {
  /** Records a sign-in. Throws BrokerError `records_unavailable` or `backend_unavailable`. */
  record(signIn: CompletedSignIn): Promise<RecordedSignIn>;
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
