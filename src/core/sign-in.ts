/**
 * Sign-in with a browser at an OpenID provider: the port to the backends that offer it. The browser goes to the provider
 * with a request, and comes back with an answer. In between, it holds the transaction in a sealed cookie.
 */
import type { Deadline } from './deadline.ts';
import type { Identity, Secret } from './identity.ts';

/** What an answer of the provider is compared with. Only the browser that began has it. */
interface SignInTransaction {
  /** Unguessable; it names the transaction. */
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636). */
  readonly codeVerifier: string;
}

export interface SignInStart {
  /** Where the browser goes. */
  readonly url: string;
  readonly transaction: SignInTransaction;
}

/** The answer that a browser brings back. */
export interface SignInAnswer {
  /** The query of the callback as it was sent: `code`, `state`, `iss`, or `error`. */
  readonly query: string;
  readonly redirectUri: string;
  readonly transaction: SignInTransaction;
  /** Whether the person must have proved who they are for this sign-in. */
  readonly isAgain: boolean;
}

/** A person as the provider describes them. Its `subject` is always known. */
export type SignedInIdentity = Identity & { readonly subject: string };

export type SignInOutcome =
  | {
      readonly kind: 'signed-in';
      readonly identity: SignedInIdentity;
      /** The user name at the backend that has the accounts; see `BrowserSignIn.accountsAt`. */
      readonly login: string;
      readonly sid?: string;
      readonly sub: string;
      /** Epoch seconds when the person proved who they are; undefined: the provider has not said. */
      readonly authTime: number | undefined;
    }
  /** `cancelled`: the person went back, or the provider refused the person. `invalid`: the answer proves nothing. */
  | { readonly kind: 'cancelled' | 'invalid'; readonly detail: string };

/** The session or the person that has signed out at the provider. */
export type ProviderLogout =
  | { readonly kind: 'logout'; readonly sid?: string; readonly sub?: string }
  | { readonly kind: 'invalid'; readonly detail: string };

/** All of them throw BrokerError `backend_unavailable` when the provider cannot answer. */
export interface BrowserSignIn {
  /** What people call the provider. */
  readonly label: string;
  /** The backend that has the accounts of those who sign in here. Absent: this one. */
  readonly accountsAt?: string;
  /** @param isAgain whether the provider has to ask the person for a proof, also where it knows the browser */
  begin(redirectUri: string, isAgain: boolean, deadline: Deadline): Promise<SignInStart>;
  finish(answer: SignInAnswer, deadline: Deadline): Promise<SignInOutcome>;
  /** Records a sign-in that was accepted. Absent: the accounts are elsewhere. Throws BrokerError `records_unavailable`. */
  accept?(identity: SignedInIdentity): Promise<void>;
  /** Verifies a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6). */
  readLogout(token: Secret, deadline: Deadline): Promise<ProviderLogout>;
  /**
   * Where a browser ends its session at the provider (OpenID Connect RP-Initiated Logout 1.0); undefined: the provider
   * has no such page.
   *
   * @param returnTo where the provider sends the browser afterwards
   */
  logoutUrl(returnTo: string, deadline: Deadline): Promise<string | undefined>;
}

/** Seals a value for a while into a text that only this fleet opens. */
export interface Sealing {
  seal(value: Readonly<Record<string, string>>, seconds: number): Promise<string>;
  /** @returns undefined when the text is not sealed by this fleet, was changed, or its time is over */
  open(text: string): Promise<Readonly<Record<string, string>> | undefined>;
}
