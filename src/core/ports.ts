/** What the flows ask of the world. Each port has a real implementation in `platform` or `backends` and a fake in `test/support`. */
import type { Deadline } from './deadline.ts';
import type { AuditEvent } from './events.ts';
import type { Credential, Identity, Secret } from './identity.ts';
import type { AuthnOutcome } from './outcome.ts';
import type { TokenClaims } from './token.ts';

export type { AuthnOutcome, RejectReason, TokenFlaw } from './outcome.ts';

/** One step of a token's examination, as `check --token` tells it. */
export interface TokenStep {
  readonly ok: boolean;
  readonly text: string;
}

export interface TokenExplanation {
  /** Whether the token names the issuer of this backend; the steps end there when it does not. */
  readonly isOwn: boolean;
  /** Up to the first that fails. */
  readonly steps: readonly TokenStep[];
}

/** One step of a look at a source, as `check --connect` and `check --login` tell it. */
export interface DiagnosisStep {
  readonly ok: boolean;
  /** What was done and found, and where it is not ok the likely mistake; never a secret. */
  readonly text: string;
}

export type BackendState = { readonly state: 'up' } | { readonly state: 'down'; readonly detail: string };

/** Asked before an attempt is spent at a source that may count attempts and lock accounts. */
export interface AttemptGuard {
  /**
   * @param subject the account, by an id that does not change with what was typed: an entryUUID, an objectGUID
   * @param counted by what its attempts are counted, where the subject still has in it what was typed (see `oneSpelling`)
   * @returns the answer to give instead of trying, or undefined: go on
   */
  beforeAttempt(subject: string, counted?: string): Promise<AuthnOutcome | undefined>;
}

/** An account as it is found again. */
export interface Account {
  /** What was typed to log in. */
  readonly login: string;
  /** What `Identity.subject` was then. */
  readonly subject: string;
}

/** One source of identities. An outage is thrown as BrokerError `backend_unavailable`, never an outcome. */
export interface Authenticator extends AsyncDisposable {
  readonly name: string;
  readonly type: string;
  /** What it takes in the password's place: passwords, or tokens (see `isToken`). It is offered nothing else. */
  readonly accepts?: 'passwords' | 'tokens';
  /** Absolute paths of the files whose change should cause `reload`. */
  readonly watches?: readonly string[];
  /**
   * @param deadline when an answer must be given
   * @throws BrokerError `backend_unavailable` when the backend cannot tell.
   */
  authenticate(credential: Credential, deadline: Deadline, guard?: AttemptGuard): Promise<AuthnOutcome>;
  /** Whether `authenticate` asks the guard itself, once it has found the account; otherwise it is asked before. */
  readonly asksGuard?: boolean;
  /**
   * The names of its own users whom a policy could take for one of this name, in whichever case: `{user}` is in lower
   * case. Absent where that is a question to somebody else.
   */
  namesakes?(username: string): readonly string[];
  /** Finds a user without a password, for `explain`; absent where the source offers no such question. */
  lookup?(username: string, deadline: Deadline): Promise<Identity | undefined>;
  /**
   * Looks again, without a password, at an account that has logged in before: whether it is the same still, and may log
   * in. Throws as `authenticate` does. Absent where the source offers no such question.
   *
   * @returns `unknown-user` when the account has gone, or another one has its name
   */
  revalidate?(account: Account, deadline: Deadline): Promise<AuthnOutcome>;
  /**
   * Examines a token as `authenticate` does, and throws as it does, and tells each step. Only where tokens are accepted.
   */
  explainToken?(token: Secret, deadline: Deadline): Promise<TokenExplanation>;
  /**
   * Looks at the source, or logs in as `authenticate` does, and tells each step. Absent where there is nothing to tell
   * but the result. Throws as `authenticate` does.
   *
   * @param credential whom to log in; absent: only the source is looked at
   * @returns the login's outcome, or undefined without a credential
   */
  diagnose?(
    credential: Credential | undefined,
    deadline: Deadline,
    tell: (step: DiagnosisStep) => void,
  ): Promise<AuthnOutcome | undefined>;
  /** Whether the source answers now. Never throws, never sends a user's credential. */
  probe(deadline: Deadline): Promise<BackendState>;
  /** Drops what it remembers of users and groups between logins; absent where nothing is. */
  forget?(): void;
  /** Reads its files again. Throws and keeps what it had when they are bad; absent where nothing is read. */
  reload?(): Promise<void>;
}

export interface TokenSigner {
  /** @param service the service whose key and header are used; it is one of the configured ones. */
  sign(service: string, claims: TokenClaims): Promise<string>;
}

export interface Clock {
  /** Seconds since 1970, whole. */
  now(): number;
  /** Milliseconds from an arbitrary start that never jump, for deadlines and durations. */
  monotonic(): number;
}

export interface Ids {
  /** A new unguessable id of at most 64 URL-safe characters. */
  next(): string;
}

/** Takes events: metrics, the comparison with a shadow policy. */
export interface EventSink {
  /** Records one event. Never throws and never waits. */
  record(event: AuditEvent): void;
}

/** The audit trail. */
export interface Audit extends EventSink {
  /**
   * Records an event whose effect may have to wait until it is on record: a token is sent to its client after this.
   *
   * @throws BrokerError `audit_unavailable` when it cannot be recorded and the configuration demands it; no part of it
   *   counts as recorded then
   */
  commit(event: AuditEvent): Promise<void>;
}

/** Where parts of the house leave a line for the operator. Fields must not hold secrets. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** The reading of files, which another thread can do as well: a module whose default export is `work`. */
export interface FileTask<Input extends FileInput, Part> {
  /** The URL of the module. */
  readonly module: string;
  /** What goes in and comes out is plain data, in parts that are each handled in a moment. */
  work(input: Input): AsyncIterable<Part>;
}

export interface FileInput {
  /** Absolute paths of what is read. */
  readonly files: readonly string[];
}

/**
 * Does a task without keeping the event loop from its requests. Whoever ends the iteration early stops it.
 *
 * Throws what `work` throws, as an Error with the same message; an Error, too, when it takes too long or too much memory.
 */
export type Background = <Input extends FileInput, Part>(
  task: FileTask<Input, Part>,
  input: Input,
) => AsyncIterable<Part>;
