/** What the shield is told and given. */
import type { AuthnOutcome, Clock } from '../../core/ports.ts';
import type { Counters, Fingerprint, Store } from '../../core/store.ts';

/** All durations in seconds; 0 turns the feature off. */
export interface ShieldSettings {
  /** How long a right login is answered from memory. */
  readonly remember: number;
  /** How long a right login may stand in for a directory that is down. */
  readonly staleIfError: number;
  /** How long a wrong password is answered from memory. */
  readonly rememberWrong: number;
  /** How long an unknown user, or an account that may not log in now, is answered from memory. */
  readonly rememberRefused: number;
  /** Different wrong passwords for one account within `window` before more are refused. */
  readonly maxWrongPerAccount: number;
  readonly window: number;
  /** Logins refused from one client address within `window` before more are refused unasked. */
  readonly maxWrongPerAddress: number;
}

export interface ShieldDeps {
  readonly settings: ShieldSettings;
  readonly clock: Clock;
  readonly fingerprint: Fingerprint;
  readonly right: Store<Remembered>;
  /** By account, which of its right logins is the latest. */
  readonly latest: Store<string>;
  readonly wrong: Store<AuthnOutcome>;
  readonly counters: Counters;
}

/** A login that was right. */
export interface Remembered {
  readonly outcome: Extract<AuthnOutcome, { kind: 'authenticated' }>;
  /** The account, as `latest` is keyed. */
  readonly account: string;
  /** Monotonic milliseconds up to which it is answered without asking again. */
  readonly freshUntil: number;
}
