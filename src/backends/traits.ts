/** What is known about a backend from its configuration alone, before it is opened and without asking its source. */
import type { Identity } from '../core/identity.ts';
import type { LoginMethod } from '../core/ports.ts';
import type { SignedInAccount } from '../core/signed-in-account.ts';

/**
 * Every member is required, so that the compiler asks the author of a backend for each answer. What only an open
 * backend can say or do belongs to `Authenticator` (core/ports.ts).
 */
export interface BackendTraits {
  /**
   * `exact`: `Alice` is not `alice`. `caseless`: the source compares names without case; the backend gives users and
   * groups in lower case, and policy compares them so.
   */
  readonly names: 'exact' | 'caseless';
  /**
   * The login method that it is offered. `Authenticator.accepts` repeats it for the flows, which know no configuration;
   * tests compare the two.
   */
  readonly accepts: LoginMethod;
  /**
   * Whether it distinguishes an unknown user from a wrong password. One that does not rejects every login it is asked about, so
   * that no backend behind it is asked.
   */
  readonly detectsUnknownUsers: boolean;
  /** Whether it can check an account again without its password, which refresh tokens need. */
  readonly canRevalidate: boolean;
  /**
   * Whether an account of somebody who signs in with a browser only lacks a sign-in, by what is stored of it. The source is
   * not asked, and may know more.
   *
   * @param now epoch seconds
   */
  isAsleep(account: SignedInAccount, now: number): boolean;
  /** The users, where they can be listed without asking anybody; undefined where any name may be a user. */
  readonly users: UserList | undefined;
  readonly groups: GroupReach;
  /**
   * Whether an identity may have a value for a placeholder.
   *
   * @param placeholder as a policy writes it: `claim:tenant`, or `attr:department` in lower case
   */
  deliversValue(placeholder: string): boolean;
}

interface UserList {
  /** @throws Error that names the file when one cannot be read */
  identities(): Promise<readonly Identity[]>;
  /** The users whose password is the content of a file. Files that cannot be used are left out. */
  passwordFiles(): Promise<readonly PasswordFile[]>;
}

export interface PasswordFile {
  readonly username: string;
  /** Absolute path. */
  readonly path: string;
}

/** Which groups a user may be in. "No" is certain; "yes" means "possible". */
type GroupReach =
  | { readonly kind: 'none' }
  /** The groups of the identities in `users`. */
  | { readonly kind: 'listed' }
  /** A group of any name; a distinguished name only when it is below `base`. */
  | { readonly kind: 'any'; readonly base?: string };
