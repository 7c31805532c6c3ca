/** Tells a login step by step: what was asked, what was found, and which mistake it looks like. Never the password. */
import type { DiagnosisStep, RejectReason } from '../../../core/ports.ts';
import type { LdapConfig } from '../config/config.ts';
import { groupSource } from '../config/config-check.ts';
import type { Reader } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { Entry } from '../wire/entry.ts';
import type { Found, UserSearch } from '../find-user.ts';
import { PRESETS } from '../config/presets.ts';
import type { PasswordVerdict } from '../attempt/verify-password.ts';

/** What a login says while it goes on. */
export interface Witness {
  looked(login: string, found: Found, reader: Reader, deadline: Deadline): Promise<void>;
  /** The account is refused by what its entry says. */
  held(entry: Entry, reason: RejectReason): void;
  bound(dn: string, verdict: PasswordVerdict): void;
  /** @param groups the names of the user's groups */
  grouped(entry: Entry, groups: ReadonlySet<string>): void;
}

export type Tell = (step: DiagnosisStep) => void;

export function createWitness(config: LdapConfig, search: UserSearch, tell: Tell): Witness {
  const { users, groups, preset } = config;
  const attributes = users.loginAttributes ?? PRESETS[preset].users.loginAttributes;

  async function whyNone(login: string, reader: Reader, deadline: Deadline): Promise<string> {
    const unfiltered = await search.findUnfiltered(reader, login, deadline);
    if (unfiltered.kind !== 'none') {
      const dn = unfiltered.kind === 'found' ? unfiltered.entry.dn : unfiltered.dns.join(' and ');
      return `${dn} has this login, but users.filter leaves it out: correct users.filter, or preset`;
    }
    const anybody = await search.findAnybody(reader, deadline);
    if (anybody.kind === 'none') {
      return `no user at all is found beneath ${users.base}: correct users.base, users.filter or preset, or let bind.dn read there`;
    }
    return `others are found there: check the spelling, and whether ${attributes.join(' or ')} holds what people type (users.loginAttributes)`;
  }

  return {
    looked: async (login, found, reader, deadline) => {
      tell({ ok: true, text: `searches ${search.describe(login)}` });
      if (found.kind === 'found') return tell({ ok: true, text: `finds ${found.entry.dn}` });
      if (found.kind === 'ambiguous') {
        return tell({
          ok: false,
          text: `finds ${found.dns.join(' and ')}: a login must mean one entry; narrow users.base or users.loginAttributes`,
        });
      }
      // Another backend may well know this login.
      tell({ ok: true, text: `finds nobody: ${await whyNone(login, reader, deadline)}` });
    },
    held: ({ dn }, reason) => tell({ ok: false, text: `${dn} cannot log in now: ${reason}; no password was sent` }),
    bound: (dn, verdict) => {
      if (verdict.kind === 'accepted') return tell({ ok: true, text: `binds as ${dn}: the password is right` });
      const how = verdict.kind === 'rejected' ? verdict.reason : 'the server has no such entry; correct users.template';
      tell({ ok: false, text: `binds as ${dn}: ${how}` });
    },
    grouped: ({ dn }, names) => {
      if (groups === undefined) {
        return tell({ ok: true, text: 'looks for no groups: add groups.base for rules that name groups' });
      }
      const source = groupSource(config);
      const list = [...names].filter((name) => name.includes('='));
      tell({
        ok: true,
        text:
          list.length > 0
            ? `finds ${list.length} groups beneath ${groups.base}: ${list.slice(0, 20).join('; ')}${list.length > 20 ? '; …' : ''}`
            : `finds no groups: none beneath ${groups.base} ${WHY_NO_GROUPS[source](dn)}`,
      });
    },
  };
}

const WHY_NO_GROUPS: Readonly<Record<ReturnType<typeof groupSource>, (dn: string) => string>> = {
  memberOf: (dn) =>
    `is in memberOf of ${dn}; correct groups.base, or use groups.from: member where the server keeps no memberOf`,
  member: (dn) => `lists ${dn}; correct groups.base or groups.memberAttributes`,
  posixGroup: (dn) => `lists the uid or has the gidNumber of ${dn}; correct groups.base`,
};
