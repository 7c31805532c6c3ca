/** The groups of a user: those that list the user, and the groups of those. */
import { canonicalDn } from '../../core/dn.ts';
import type { GroupName } from '../../core/identity.ts';
import type { LdapConfig } from './config.ts';
import { groupSource } from './config-check.ts';
import type { Reader } from './connection.ts';
import type { Deadline } from './deadline.ts';
import type { Entry } from './entry.ts';
import { DirectoryFault, faultOfResult } from './fault.ts';
import { and, encodeFilter, equal, or } from './filter.ts';
import type { FilterNode } from './filter.ts';
import { groupNames, groupOfDn } from './group.ts';
import type { Group, GroupBase } from './group.ts';
import { PRESETS } from './presets.ts';
import { allValues } from './ranged-values.ts';

export interface Memberships {
  /**
   * Each group under its plain name and under its DN. All of them or none: a group that is left out could lift a rule
   * that denies.
   *
   * @throws DirectoryFault
   */
  of(user: Entry, reader: Reader, deadline: Deadline): Promise<ReadonlySet<GroupName>>;
}

type Search = (filter: FilterNode, reader: Reader, deadline: Deadline) => Promise<readonly Group[]>;

const MAX_DEPTH = 10;
const MAX_GROUPS = 5000;
/** DNs in one filter; servers take some hundred terms well. */
const BATCH = 50;

export function createMemberships(config: LdapConfig): Memberships {
  const { groups, preset } = config;
  if (groups === undefined) return { of: async () => new Set() };
  const source = groupSource(config);
  const { flattened, posix, memberAttributes: usual } = PRESETS[preset].groups;
  const nested = groups.nested === 'auto' && source !== 'posixGroup' && !(source === 'memberOf' && flattened);
  const base: GroupBase = { dn: groups.base, scope: groups.scope };
  const search = searchIn(base, groups.filter, groups.name);
  const named = groups.name === 'cn';
  const listing = listedIn(groups.memberAttributes ?? usual);

  async function directly(user: Entry, reader: Reader, deadline: Deadline): Promise<readonly Group[]> {
    if (source === 'memberOf') {
      const dns = await allValues(user, 'memberOf', reader, deadline);
      return dns.map((dn) => groupOfDn(dn, named, base));
    }
    const byGroup = source === 'member' ? [listing([user.dn])] : [];
    const byUid = source === 'posixGroup' || posix ? posixFilters(user) : [];
    const filters = [...byGroup, ...byUid];
    return filters.length === 0 ? [] : search(or(filters), reader, deadline);
  }

  return {
    of: async (user, reader, deadline) => {
      const known = new Map<string, Group>();
      const direct = addNew(known, await directly(user, reader, deadline));
      let frontier = nested ? direct : [];
      for (let depth = 1; frontier.length > 0; depth += 1) {
        if (depth > MAX_DEPTH) throw tooMany(`groups nested more than ${MAX_DEPTH} deep`);
        // A whole level at a time, however many groups it has.
        const next: Group[] = [];
        for (let at = 0; at < frontier.length; at += BATCH) {
          const dns = frontier.slice(at, at + BATCH).map(({ dn }) => dn);
          next.push(...(await search(listing(dns), reader, deadline)));
        }
        frontier = addNew(known, next);
      }
      return groupNames(known.values());
    },
  };
}

function searchIn(base: GroupBase, only: FilterNode | undefined, name: string): Search {
  const attributes = name === 'dn' ? [] : [name];
  return async (wanted, reader, deadline) => {
    const filter = encodeFilter(only === undefined ? wanted : and([only, wanted]));
    const answer = await reader.search({ base: base.dn, scope: base.scope, filter, attributes }, deadline);
    if (answer.code !== 0) throw faultOfResult(answer.code, answer.diagnostic, 'searching groups');
    return answer.entries.map((entry) => ({ dn: entry.dn, names: namesIn(entry, attributes), counts: true }));
  };
}

function namesIn(entry: Entry, attributes: readonly string[]): readonly string[] {
  return attributes.flatMap((attribute) => entry.texts(attribute));
}

function listedIn(attributes: readonly string[]): (dns: readonly string[]) => FilterNode {
  return (dns) => or(attributes.flatMap((attribute) => dns.map((dn) => equal(attribute, dn))));
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

function tooMany(what: string): DirectoryFault {
  return new DirectoryFault(
    'misconfigured',
    `a user with ${what}: narrow groups.base or groups.filter, or set nested: off`,
  );
}
