/** Decides before the bind whether a password may be sent for an account. */
import type { AuthnOutcome, Clock } from '../../../core/ports.ts';
import { accountState } from './account-state.ts';
import type { Reader } from '../wire/search.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { attemptsLeft } from './active-directory.ts';
import type { DomainCache } from './active-directory.ts';
import type { LdapEntry } from '../wire/entry.ts';

type Rejection = Extract<AuthnOutcome, { readonly kind: 'rejected' }>;

interface AccountCheckDeps {
  readonly domain: DomainCache;
  readonly clock: Clock;
}

/**
 * @param sinceRead how many attempts are newer than the entry, including the one that is about to be made
 * @returns why no password is sent for this account, whatever the password; undefined: it may be sent
 * @throws DirectoryFault
 */
export type AccountCheck = (
  entry: LdapEntry,
  sinceRead: number,
  reader: Reader,
  deadline: Deadline,
) => Promise<Rejection | undefined>;

export function createAccountCheck({ domain, clock }: AccountCheckDeps): AccountCheck {
  return async (entry, sinceRead, reader, deadline) => {
    const reason = accountState(entry, clock.now());
    if (reason !== undefined) return { kind: 'rejected', reason };
    // Without earlier failures one attempt is always allowed, so the lockout policy is not read.
    const hasFailures = sinceRead > 1 || entry.texts('badPwdCount').some((count) => count !== '0');
    const lockout = hasFailures ? await domain.lockoutFor(entry, reader, deadline) : undefined;
    if (lockout === undefined || sinceRead <= attemptsLeft(entry, lockout, clock.now())) return undefined;
    return { kind: 'rejected', reason: 'too-many-attempts', limit: 'account' };
  };
}
