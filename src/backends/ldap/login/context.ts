/** What all logins share, and the last step of each: from the entry to the outcome. */
import type { GroupName, Identity } from '../../../core/identity.ts';
import type { AuthnOutcome, Clock, Log } from '../../../core/ports.ts';
import type { AccountCheck } from '../attempt/account-check.ts';
import type { DomainCache } from '../attempt/active-directory.ts';
import type { AttemptsSinceRead } from '../attempt/attempts-since-read.ts';
import type { LdapConfig } from '../config/config.ts';
import type { Directory } from '../servers/directory.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { identityOf } from '../users/identity.ts';
import type { LdapIdentityRules } from '../users/identity.ts';
import type { UserSearch } from '../users/user-search.ts';
import type { Memberships } from '../groups/memberships.ts';
import type { LoginTrace } from '../diagnosis/trace.ts';

export interface LdapLoginDeps {
  readonly config: LdapConfig;
  readonly directory: Directory;
  readonly search: UserSearch;
  readonly clock: Clock;
  readonly log: Log;
}

export interface LoginContext extends LdapLoginDeps {
  readonly attempts: AttemptsSinceRead;
  readonly checkAccount: AccountCheck;
  readonly memberships: Memberships;
  readonly domain: DomainCache;
  readonly rules: LdapIdentityRules;
}

export const UNKNOWN: AuthnOutcome = { kind: 'unknown-user' };
const AMBIGUOUS: AuthnOutcome = { kind: 'rejected', reason: 'ambiguous' };

/** @param groups of the user, from `LoginContext.memberships` */
export function outcomeFor(
  context: LoginContext,
  entry: LdapEntry,
  groups: ReadonlySet<GroupName>,
  trace?: LoginTrace,
): AuthnOutcome {
  const identity = identify(context, entry, groups, trace);
  return identity === undefined ? AMBIGUOUS : { kind: 'authenticated', identity };
}

/** @returns undefined when the entry has no usable user name */
export function identify(
  { rules, log }: LoginContext,
  entry: LdapEntry,
  groups: ReadonlySet<GroupName>,
  trace?: LoginTrace,
): Identity | undefined {
  trace?.groupsRead(entry, groups);
  const identity = identityOf(entry, groups, rules);
  if (identity === undefined) {
    log.warn('unusable user name: the entry has none or several; correct it, or set users.usernameAttribute', {
      backend: rules.backend,
      entry: entry.dn,
      attribute: rules.usernameAttribute,
    });
  }
  return identity;
}

/** An operator must see it: the user cannot log in until the configuration or the directory changes. */
export function refuseAmbiguous(
  { config, log }: LoginContext,
  login: string,
  entries: readonly string[],
): AuthnOutcome {
  log.warn('ambiguous login refused: it matches several entries', { backend: config.name, login, entries });
  return AMBIGUOUS;
}
