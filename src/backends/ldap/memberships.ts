/** The groups of a user: those that list the user, and the groups of those. */
import { canonicalDn, canonicalParts, parseDn } from '../../core/dn.ts';
import { groupName } from '../../core/groups.ts';
import type { GroupName } from '../../core/identity.ts';
import type { LdapConfig } from './config.ts';
import { groupSource } from './config-check.ts';
import type { Connection } from './connection.ts';
import type { Deadline } from './deadline.ts';
import type { Entry } from './entry.ts';
import { DirectoryFault, faultOfResult } from './fault.ts';
import { and, encodeFilter, equal, or } from './filter.ts';
import type { FilterNode } from './filter.ts';
import { PRESETS } from './presets.ts';
import { allValues } from './ranged-values.ts';

export interface Memberships {
  /**
   * Each group under its plain name and under its DN. All of them or none: a group that is left out could lift a rule
   * that denies.
   *
   * @throws DirectoryFault
   */
  of(user: Entry, connection: Connection, deadline: Deadline): Promise<ReadonlySet<GroupName>>;
}

/** A group as found. `counts` is false for one that only leads to others. */
interface Group {
  readonly dn: string;
  readonly names: readonly string[];
  readonly counts: boolean;
}

const MAX_DEPTH = 10;
const MAX_GROUPS = 5000;
/** DNs in one filter; servers take some hundred terms well. */
const BATCH = 50;

export function createMemberships(config: LdapConfig): Memberships {
  const { groups, preset } = config;
  if (groups === undefined) return { of: async () => new Set() };
  const source = groupSource(config);
  const nested = groups.nested === 'auto' && source !== 'posixGroup' && !PRESETS[preset].groups.flattened;
  const memberAttributes = groups.memberAttributes ?? PRESETS[preset].groups.memberAttributes;
  const base = groups.base === undefined ? [] : (canonicalParts(groups.base) ?? []);
  const attributes = groups.name === 'dn' ? [] : [groups.name];

  async function search(filter: FilterNode, connection: Connection, deadline: Deadline): Promise<readonly Group[]> {
    const whole = groups?.filter === undefined ? filter : and([groups.filter, filter]);
    const answer = await connection.search(
      { base: groups?.base ?? '', scope: groups?.scope ?? 'sub', filter: encodeFilter(whole), attributes },
      deadline,
    );
    if (answer.code !== 0) throw faultOfResult(answer.code, answer.diagnostic, 'searching groups');
    return answer.entries.map((entry) => ({
      dn: entry.dn,
      names: attributes.flatMap((attribute) => entry.texts(attribute)),
      counts: true,
    }));
  }

  const listing = (dns: readonly string[]): FilterNode =>
    or(memberAttributes.flatMap((attribute) => dns.map((dn) => equal(attribute, dn))));

  async function directly(user: Entry, connection: Connection, deadline: Deadline): Promise<readonly Group[]> {
    if (source === 'memberOf') {
      const dns = await allValues(user, 'memberOf', connection, deadline);
      return dns.map((dn) => fromDn(dn, groups?.name === 'cn', base, groups?.scope ?? 'sub'));
    }
    const filters = [
      ...(source === 'member' ? [listing([user.dn])] : []),
      ...(source === 'posixGroup' || PRESETS[preset].groups.posix ? posixFilters(user) : []),
    ];
    return filters.length === 0 ? [] : search(or(filters), connection, deadline);
  }

  return {
    of: async (user, connection, deadline) => {
      const known = new Map<string, Group>();
      const direct = addNew(known, await directly(user, connection, deadline));
      let frontier = nested ? direct : [];
      for (let depth = 1; frontier.length > 0; depth += 1) {
        if (depth > MAX_DEPTH) throw tooMany(`groups nested more than ${MAX_DEPTH} deep`);
        const next: Group[] = [];
        for (let at = 0; at < frontier.length; at += BATCH) {
          const dns = frontier.slice(at, at + BATCH).map(({ dn }) => dn);
          next.push(...(await search(listing(dns), connection, deadline)));
        }
        frontier = addNew(known, next);
      }
      return namesOf(known.values());
    },
  };
}

/** RFC 2307: listed by uid, or by the gid in the user's own entry. */
function posixFilters(user: Entry): readonly FilterNode[] {
  const ways = [
    ...user.texts('uid').map((uid) => equal('memberUid', uid)),
    ...user.texts('gidNumber').map((gid) => equal('gidNumber', gid)),
  ];
  return ways.length === 0 ? [] : [and([equal('objectClass', 'posixGroup'), or(ways)])];
}

/** @returns those that were not known; throws when there are too many to be one user's. */
function addNew(known: Map<string, Group>, found: readonly Group[]): readonly Group[] {
  const added: Group[] = [];
  for (const group of found) {
    const key = canonicalDn(group.dn) ?? group.dn;
    if (known.has(key)) continue;
    known.set(key, group);
    added.push(group);
  }
  if (known.size > MAX_GROUPS) throw tooMany(`more than ${MAX_GROUPS} groups`);
  return added;
}

function namesOf(groups: Iterable<Group>): ReadonlySet<GroupName> {
  const names = new Set<GroupName>();
  for (const { dn, names: plain, counts } of groups) {
    if (!counts) continue;
    names.add(groupName(dn, { lowercase: true }));
    for (const name of plain) {
      // A group may be called what reads as the DN of another one.
      if (name !== '' && canonicalDn(name) === undefined) names.add(groupName(name, { lowercase: true }));
    }
  }
  return names;
}

/** A group of which only the DN is known. Only beneath the base do its administrators decide what it is called. */
function fromDn(dn: string, named: boolean, base: readonly string[], scope: 'sub' | 'one'): Group {
  const parts = canonicalParts(dn);
  const own = parseDn(dn)?.[0];
  if (parts === undefined || own === undefined) {
    throw new DirectoryFault('unavailable', `a group has a DN that cannot be read: ${dn.slice(0, 200)}`, {
      elsewhere: false,
    });
  }
  const above = parts.slice(-base.length);
  const levels = parts.length - base.length;
  const beneath = base.every((part, index) => part === above[index]) && (scope === 'one' ? levels === 1 : levels >= 1);
  const names = own.filter(({ type, encoded }) => named && type === 'cn' && !encoded).map(({ value }) => value);
  return { dn, names, counts: base.length === 0 || beneath };
}

function tooMany(what: string): DirectoryFault {
  return new DirectoryFault(
    'misconfigured',
    `a user with ${what}: narrow groups.base or groups.filter, or set nested: off`,
  );
}
