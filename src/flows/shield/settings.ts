/** Settings and dependencies of the shield. */
import type { AuthnOutcome, Clock, Counters, Fingerprint, Store } from '../../core/ports.ts';

/** All durations in seconds; 0 turns the feature off. */
export interface ShieldSettings {
  /** How long a successful login is answered from the cache. */
  readonly remember: number;
  /** How long after a successful login the cache answers while the backend is down. */
  readonly staleIfError: number;
  /** How long a wrong password is answered from the cache. */
  readonly rememberWrong: number;
  /** How long an unknown user, or an account that may not log in now, is answered from the cache. */
  readonly rememberRefused: number;
  /** How many different wrong passwords one account may have within `window`; 0: any number. */
  readonly maxWrongPerAccount: number;
  readonly window: number;
  /** How many refused logins one client address may have within `window`; 0: any number. */
  readonly maxWrongPerAddress: number;
}

export interface ShieldDeps {
  readonly settings: ShieldSettings;
  readonly clock: Clock;
  readonly fingerprint: Fingerprint;
  readonly successful: Store<CachedLogin>;
  /** By account, the key of its latest successful login. */
  readonly latest: Store<string>;
  readonly refused: Store<AuthnOutcome>;
  readonly counters: Counters;
}

/** A successful login in the cache. */
export interface CachedLogin {
  readonly outcome: Extract<AuthnOutcome, { kind: 'authenticated' }>;
  /** The key of the account in `latest`. */
  readonly account: string;
  /** Monotonic milliseconds until which the cache answers without asking the backend. */
  readonly freshUntil: number;
}
