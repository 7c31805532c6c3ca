/** Reports the steps of a login for `fairlead check --login`, with the likely mistake. Never reports the password. */
import type { RejectReason, Step } from '../../../core/ports.ts';
import type { LdapConfig } from '../config/config.ts';
import { groupSource, loginAttributes } from '../config/resolve.ts';
import type { GroupSource } from '../config/resolve.ts';
import type { Reader } from '../wire/search.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { LdapEntry } from '../wire/entry.ts';
import type { UserSearch, UserSearchResult } from '../users/user-search.ts';
import type { PasswordVerdict } from '../attempt/verify-password.ts';

/** The steps of a login, in order. */
export interface LoginTrace {
  /** @param url of the server that is asked; the next one after a failover */
  asks(url: string): void;
  searched(login: string, result: UserSearchResult, reader: Reader, deadline: Deadline): Promise<void>;
  /** The account is refused because of its entry; no password was sent. */
  refused(entry: LdapEntry, reason: RejectReason): void;
  /** The same after the bind, which the directory accepted. */
  refusedAfterBind(entry: LdapEntry, reason: RejectReason): void;
  bound(dn: string, verdict: PasswordVerdict): void;
  /** @param groups the names of the user's groups in a policy */
  groupsRead(entry: LdapEntry, groups: ReadonlySet<string>): void;
}

export type ReportStep = (step: Step) => void;

const MAX_LISTED_GROUPS = 20;

export function createLoginTrace(config: LdapConfig, search: UserSearch, report: ReportStep): LoginTrace {
  return {
    asks: (url) => report({ ok: true, text: `asks ${url}` }),
    searched: async (login, result, reader, deadline) => {
      report({ ok: true, text: `searches ${search.describe(login)}` });
      switch (result.kind) {
        case 'found':
          return report({ ok: true, text: `finds ${result.entry.dn}` });
        case 'ambiguous':
          return report({
            ok: false,
            text: `finds ${result.dns.join(' and ')}: a login must mean one entry; narrow users.base or users.loginAttributes`,
          });
        case 'none':
          // Not a failure: the user may belong to another backend.
          return report({
            ok: true,
            text: `finds no user: ${await reasonForNoUser(config, search, login, reader, deadline)}`,
          });
      }
    },
    refusedAfterBind: ({ dn }, reason) => report({ ok: false, text: `${dn} cannot log in now: ${reason}` }),
    refused: ({ dn }, reason) =>
      report({ ok: false, text: `${dn} cannot log in now: ${reason}; no password was sent` }),
    bound: (dn, verdict) => {
      if (verdict.kind === 'accepted') return report({ ok: true, text: `binds as ${dn}: the password is correct` });
      const how = verdict.kind === 'rejected' ? verdict.reason : 'the server has no such entry; correct users.template';
      report({ ok: false, text: `binds as ${dn}: ${how}` });
    },
    groupsRead: ({ dn }, names) => report(groupsStep(config, dn, names)),
  };
}

async function reasonForNoUser(
  config: LdapConfig,
  search: UserSearch,
  login: string,
  reader: Reader,
  deadline: Deadline,
): Promise<string> {
  const unfiltered = await search.findUnfiltered(reader, login, deadline);
  if (unfiltered.kind !== 'none') {
    const dn = unfiltered.kind === 'found' ? unfiltered.entry.dn : unfiltered.dns.join(' and ');
    return `${dn} has this login, but does not match users.filter: correct users.filter, or preset`;
  }
  const anyUser = await search.findAnyUser(reader, deadline);
  if (anyUser.kind === 'none') {
    return `there is no user at all under ${config.users.base}: correct users.base, users.filter or preset, or let bind.dn read there`;
  }
  return `there are other users: check the spelling, and whether ${loginAttributes(config).join(' or ')} holds what users type (users.loginAttributes)`;
}

/** Without groups, the login works, and no rule for groups applies to it. */
function groupsStep(config: LdapConfig, dn: string, names: ReadonlySet<string>): Step {
  const { groups } = config;
  const warning = (text: string): Step => ({ ok: true, isWarning: true, text });
  if (groups === undefined) return warning('reads no groups: add groups.base for rules that name groups');
  const dns = [...names].filter((name) => name.includes('='));
  if (dns.length === 0) {
    return warning(`finds no groups: none under ${groups.base} ${REASON_FOR_NO_GROUPS[groupSource(config)](dn)}`);
  }
  const listed = dns.slice(0, MAX_LISTED_GROUPS).join('; ');
  const text = `finds ${dns.length} ${dns.length === 1 ? 'group' : 'groups'} under ${groups.base}: ${listed}${dns.length > MAX_LISTED_GROUPS ? '; …' : ''}`;
  return { ok: true, text };
}

const REASON_FOR_NO_GROUPS: Readonly<Record<GroupSource, (dn: string) => string>> = {
  memberOf: (dn) =>
    `is in memberOf of ${dn}: add the user to a group, or correct groups.base, or use groups.from: member where the server has no memberOf`,
  member: (dn) => `lists ${dn}: add the user to a group, or correct groups.base or groups.memberAttributes`,
  posixGroup: (dn) => `lists the uid or has the gidNumber of ${dn}: add the user to a group, or correct groups.base`,
};
