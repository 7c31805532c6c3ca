/** Settings and dependencies of the shield. */
import type { Fingerprint, Ids, Ledger, Timer } from '../../core/ports.ts';

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
  /** How many different wrong passwords one account may have, and one name from one network; 0: any number. */
  readonly maxWrongPerAccount: number;
  readonly window: number;
  /** How many refused logins one client address may have within `window`; 0: any number. */
  readonly maxWrongPerAddress: number;
}

export interface ShieldDeps {
  readonly settings: ShieldSettings;
  readonly fingerprint: Fingerprint;
  readonly ledger: Ledger;
  readonly ids: Ids;
  readonly timer: Timer;
}
