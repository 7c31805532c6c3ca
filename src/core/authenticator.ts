/** The port to a backend: what a source of identities does, and what it is given for a login. */
import type { Deadline } from './deadline.ts';
import type { Credential, Identity, Secret } from './identity.ts';
import type { AuthnOutcome } from './outcome.ts';
import type { BrowserSignIn } from './sign-in.ts';

/** One step of a diagnosis, as `check` prints it. */
export interface Step {
  readonly ok: boolean;
  /** It works, and probably should be changed. */
  readonly isWarning?: true;
  /** What was done and found, and the likely mistake where it failed; never a secret. */
  readonly text: string;
}

interface TokenExplanation {
  /** Whether the token names the issuer of this backend. If it does not, the steps end there. */
  readonly isOwn: boolean;
  /** All steps up to the first that fails. */
  readonly steps: readonly Step[];
  /** What makes a token less safe than it could be, although it is accepted. */
  readonly warnings?: readonly string[];
  /** The key `bound` for this token as lines of YAML. Empty when the token is not verified or names no owner. */
  readonly bound?: readonly string[];
  /** Present when the token is accepted. */
  readonly identity?: Identity;
}

export type BackendState = { readonly state: 'up' } | { readonly state: 'down'; readonly detail: string };

/** One server of a source that has several, by what its last requests found. */
export interface ServerState {
  readonly url: string;
  /** `unused`: it was not asked yet. */
  readonly state: 'up' | 'down' | 'unused';
  /** Epoch seconds; absent while it is unused. */
  readonly since?: number;
  /** Why it is down. */
  readonly problem?: string;
}

/** Called before each attempt at a source that may count attempts and lock accounts. */
export interface AttemptGuard {
  /**
   * @param subject the account, by an id that does not depend on what was typed: an entryUUID, an objectGUID
   * @param counted the key under which attempts are counted, where the subject contains what was typed (see
   *   `oneSpelling`)
   * @returns the answer to give instead of an attempt; undefined allows the attempt
   */
  beforeAttempt(subject: string, counted?: string): Promise<AuthnOutcome | undefined>;
  /**
   * The attempts at the account that `beforeAttempt` allowed last. Absent, or undefined: no other broker shares the counts.
   */
  fleetAttempts?(): FleetAttempts | undefined;
  /** The network of the client (see `networksOf`), by which a backend shares out what it can compute. */
  readonly network?: string;
}

/** Attempts at one account at all brokers that share their counts, as of when this one was allowed. It is one of them. */
export interface FleetAttempts {
  readonly underWay: number;
  /** Those under way, and the wrong passwords within the window of the limit. */
  readonly counted: number;
}

/** When a source locks an account. */
export interface LockoutPolicy {
  /** The number of wrong passwords that locks it. */
  readonly threshold: number;
  /** Seconds after the last wrong password when the source clears them; Infinity: only a successful login clears them. */
  readonly window: number;
}

/** An account that has logged in before. */
export interface Account {
  /** The user name as typed at that login. */
  readonly login: string;
  /** `Identity.subject` at that login. */
  readonly subject: string;
}

/**
 * How a user logs in: with a password, with a token in its place (see `isToken`), or in a browser (see `signIn`), where a
 * backend is offered no credential at all.
 */
export type LoginMethod = 'passwords' | 'tokens' | 'sign-ins';

/** One source of identities. An outage is thrown as BrokerError `backend_unavailable` and is never an outcome. */
export interface Authenticator extends AsyncDisposable {
  readonly name: string;
  readonly type: string;
  /** The login method that it is offered; absent: passwords. */
  readonly accepts?: LoginMethod;
  /** Sign-in with a browser. Absent where the source does not offer it. */
  readonly signIn?: BrowserSignIn;
  /** Absolute paths of the files whose change should cause `reload`. */
  readonly watches?: readonly string[];
  /**
   * @param deadline the time by which an answer is needed
   * @throws BrokerError `backend_unavailable` when the backend cannot answer
   */
  authenticate(credential: Credential, deadline: Deadline, guard?: AttemptGuard): Promise<AuthnOutcome>;
  /** Whether `authenticate` calls the guard itself, once it has found the account. Otherwise the shield calls it before. */
  readonly asksGuard?: boolean;
  /**
   * Whether it compares passwords itself, so that wrong ones can lock no account elsewhere. Then only the limits of names
   * and addresses apply.
   */
  readonly verifiesPasswords?: boolean;
  /**
   * The names of its own users that a policy could take for this name, in any case: `{user}` is in lower case. Absent
   * where that needs a request to another system.
   */
  usersNamed?(username: string): readonly string[];
  /** Finds a user without a password, for `explain`. Absent where the source cannot do that. */
  lookup?(username: string, deadline: Deadline): Promise<Identity | undefined>;
  /**
   * Checks, without a password, that an account that has logged in before still exists and may log in. Throws as
   * `authenticate` does. Absent where the source cannot do that.
   *
   * @returns `unknown-user` when the account does not exist any more, or its name belongs to another account
   */
  revalidate?(account: Account, deadline: Deadline): Promise<AuthnOutcome>;
  /**
   * Examines a token as `authenticate` does and reports each step. Throws as `authenticate` does. Only where tokens are
   * accepted.
   */
  explainToken?(token: Secret, deadline: Deadline): Promise<TokenExplanation>;
  /**
   * Checks the source, or logs in as `authenticate` does, and reports each step. Absent where the result is all there is
   * to report. Throws as `authenticate` does.
   *
   * @param credential the login; undefined to check only the source
   * @param guard as for `authenticate`
   * @returns the outcome of the login; undefined without a credential
   */
  diagnose?(
    credential: Credential | undefined,
    deadline: Deadline,
    report: (step: Step) => void,
    guard?: AttemptGuard,
  ): Promise<AuthnOutcome | undefined>;
  /**
   * Reads when the source locks accounts. Throws as `authenticate` does. Absent where that cannot be read.
   *
   * @returns undefined when wrong passwords lock no account, or the policy is not readable
   */
  lockoutPolicy?(deadline: Deadline): Promise<LockoutPolicy | undefined>;
  /** Whether the source answers now. Never throws, and never sends the credential of a user. */
  probe(deadline: Deadline): Promise<BackendState>;
  /**
   * The servers that it uses, in the order in which logins try them; none before the first request. It asks nobody.
   * Absent where there is only one.
   */
  servers?(): readonly ServerState[];
  /** Clears its caches of users and groups. Absent where it has none. */
  clearCaches?(): void;
  /** Reads its files again. Throws and keeps the old content when they are invalid. Absent where it reads no file. */
  reload?(): Promise<void>;
}
