/** Whether a password may be sent for an account at all. */
import type { AuthnOutcome, Clock, Log } from '../../core/ports.ts';
import { accountState } from './account-state.ts';
import type { Reader } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { isAboutToLock } from './domain.ts';
import type { Domain } from './domain.ts';
import type { Entry } from './entry.ts';

export type Rejected = Extract<AuthnOutcome, { readonly kind: 'rejected' }>;

export interface AccountCheckDeps {
  /** The backend's name, for the log. */
  readonly backend: string;
  readonly domain: Domain;
  readonly clock: Clock;
  readonly log: Log;
}

/** @returns the answer to whoever cannot log in to this account now, whatever the password. Throws DirectoryFault. */
export type AccountCheck = (entry: Entry, reader: Reader, deadline: Deadline) => Promise<Rejected | undefined>;

export function createAccountCheck({ backend, domain, clock, log }: AccountCheckDeps): AccountCheck {
  return async (entry, reader, deadline) => {
    const reason = accountState(entry, clock.now());
    if (reason !== undefined) return { kind: 'rejected', reason };
    // The policy is asked for only where there is something to hold back.
    const hasFailed = entry.texts('badPwdCount').some((count) => count !== '0');
    const lockout = hasFailed ? (await domain.facts(reader, deadline)).lockout : undefined;
    if (lockout === undefined || !isAboutToLock(entry, lockout, clock.now())) return undefined;
    log.warn('one more wrong password would lock an account: not tried for a while', { backend, entry: entry.dn });
    return { kind: 'rejected', reason: 'too-many-attempts' };
  };
}
