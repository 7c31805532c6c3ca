/**
 * The ports: everything that the flows need from outside. Each has a real implementation in `platform` or `backends` and
 * a fake in `test/support`.
 */
import type { AuditEvent } from './events.ts';
import type { Secret } from './identity.ts';
import type { Scope } from './scope.ts';
import type { TokenClaims } from './token.ts';

export type {
  Account,
  AttemptGuard,
  Authenticator,
  BackendState,
  FleetAttempts,
  LockoutPolicy,
  LoginMethod,
  ServerState,
  Step,
} from './authenticator.ts';
export type { AuthnOutcome, RejectReason, TokenFlaw } from './outcome.ts';
export type { Ledger } from './ledger.ts';
export type { Fingerprint, Group, ListableStore } from './store.ts';

export interface TokenSigner {
  /**
   * Seconds since 1970 by which a token for the service must expire: registries refuse its signature after that. Infinity
   * when there is no such time.
   */
  endOf(service: string): number;
  /**
   * @param service the configured service whose key and header are used
   * @throws BrokerError `signing_unavailable` when the token expires after `endOf`
   */
  sign(service: string, claims: TokenClaims): Promise<string>;
}

/** A registry token of this server, verified. */
export interface VerifiedToken {
  /** Empty for anonymous. */
  readonly username: string;
  readonly tokenId: string;
  readonly access: readonly Scope[];
}

export interface TokenVerifier {
  /**
   * Verifies a registry token as the registry of the service does.
   *
   * @param now seconds since 1970
   * @returns what the token grants, or why it is not accepted, as text for the log
   */
  verify(service: string, token: Secret, now: number): VerifiedToken | string;
}

export interface Clock {
  /** Seconds since 1970, whole. */
  now(): number;
  /** Milliseconds from an arbitrary start, unaffected by clock changes; for deadlines and durations. */
  monotonic(): number;
}

/** Waiting: core and flows have no timers of their own. */
export interface Timer {
  /** Resolves after so many milliseconds; at once for 0 or less. */
  sleep(milliseconds: number): Promise<void>;
  /** Resolves after all other pending events have been handled. */
  turn(): Promise<void>;
  /**
   * The result of some work. The work itself is not stopped: this protects against code that does not keep its deadline.
   *
   * @throws BrokerError `backend_unavailable` when the work takes longer
   */
  within<T>(work: Promise<T>, milliseconds: number): Promise<T>;
}

export interface Ids {
  /** A new unguessable id of at most 64 URL-safe characters. */
  next(): string;
}

/** Makes refresh tokens, and the digests under which they are stored. */
export interface RefreshTokenSecrets {
  /** A new unguessable token for which `isRefreshToken` is true. */
  make(): Secret;
  /** A digest from which the token cannot be found. */
  digest(token: Secret): string;
}

/** Makes personal tokens, and the digests under which they are stored. */
export interface PersonalTokenSecrets {
  /** A new unguessable token for which `isPersonalToken` is true. */
  make(): Secret;
  /** A digest from which the token cannot be found. */
  digest(token: Secret): string;
}

/** Takes events: metrics, the comparison with a shadow policy. */
export interface EventSink {
  /** Records one event. Never throws and never waits. */
  record(event: AuditEvent): void;
}

/** The audit trail. */
export interface Audit extends EventSink {
  /**
   * Records the events of one request, all or none, before their effect: a token is stored and sent to its client after
   * this.
   *
   * @throws BrokerError `audit_unavailable` when they cannot be recorded and the configuration demands it; no part of them
   *   counts as recorded then
   */
  commit(events: readonly AuditEvent[]): Promise<void>;
}

/** The log for the operator. Fields must not contain secrets. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Work on files that can run in another thread: a module whose default export is `work`. */
export interface FileTask<Input extends FileInput, Part> {
  /** The URL of the module. */
  readonly module: string;
  /** Input and output are plain data. The output comes in parts, each of which is processed in a few milliseconds. */
  work(input: Input): AsyncIterable<Part>;
}

export interface FileInput {
  /** Absolute paths of the files to read. */
  readonly files: readonly string[];
}

/**
 * Runs a task without blocking the event loop. To end the iteration early stops the task.
 *
 * Throws an Error with the same message when `work` throws, and an Error when the task takes too long or too much memory.
 */
export type Background = <Input extends FileInput, Part>(
  task: FileTask<Input, Part>,
  input: Input,
) => AsyncIterable<Part>;
