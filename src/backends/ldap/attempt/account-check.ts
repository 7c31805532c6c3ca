/** Whether a password may be sent for an account at all. */
import type { AuthnOutcome, Clock, Log } from '../../../core/ports.ts';
import { accountState } from './account-state.ts';
import type { Reader } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { attemptsLeft } from './domain.ts';
import type { Domain } from './domain.ts';
import type { Entry } from '../wire/entry.ts';
import type { Attempt } from './attempts-since-read.ts';

export type Rejected = Extract<AuthnOutcome, { readonly kind: 'rejected' }>;

export interface AccountCheckDeps {
  /** The backend's name, for the log. */
  readonly backend: string;
  readonly domain: Domain;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * @param attempt the one that is about to be made
 * @returns the answer to whoever cannot log in to this account now, whatever the password. Throws DirectoryFault.
 */
export type AccountCheck = (
  entry: Entry,
  attempt: Attempt,
  reader: Reader,
  deadline: Deadline,
) => Promise<Rejected | undefined>;

export function createAccountCheck({ backend, domain, clock, log }: AccountCheckDeps): AccountCheck {
  return async (entry, attempt, reader, deadline) => {
    const reason = accountState(entry, clock.now());
    if (reason !== undefined) return { kind: 'rejected', reason };
    // The policy is asked for only where there is something to hold back.
    const hasFailed = attempt.unseen > 1 || entry.texts('badPwdCount').some((count) => count !== '0');
    const lockout = hasFailed ? (await domain.facts(reader, deadline)).lockout : undefined;
    if (lockout === undefined || attempt.unseen <= attemptsLeft(entry, lockout, clock.now())) return undefined;
    log.warn('one more wrong password could lock an account: not tried for a while', { backend, entry: entry.dn });
    return { kind: 'rejected', reason: 'too-many-attempts' };
  };
}
