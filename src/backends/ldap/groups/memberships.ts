/** The groups of a user: those that list the user, and the groups of those. */
import { canonicalDn } from '../../../core/dn.ts';
import type { GroupName } from '../../../core/identity.ts';
import type { LdapConfig } from '../config/config.ts';
import { groupSource } from '../config/config-check.ts';
import type { Reader } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { requireActiveDirectory } from '../attempt/domain.ts';
import type { Domain } from '../attempt/domain.ts';
import type { Entry } from '../wire/entry.ts';
import { DirectoryFault } from '../wire/fault.ts';
import { or } from '../wire/filter.ts';
import { groupNames, groupOfDn } from './group.ts';
import type { Group, GroupBase } from './group.ts';
import { createGroupSearch, inChain, listedIn, posixFilters } from './group-search.ts';
import { createParentGroups } from './parent-groups.ts';
import { PRESETS } from '../config/presets.ts';
import { allValues } from './ranged-values.ts';
import type { Recalls } from './ttl-cache.ts';
import { createSidResolver, primaryGroupSid, readTokenGroups } from './token-groups.ts';

export interface Memberships {
  /**
   * Each group under its plain name and under its DN. All of them or none: a group that is left out could lift a rule
   * that denies.
   *
   * @throws DirectoryFault
   */
  of(user: Entry, reader: Reader, deadline: Deadline): Promise<ReadonlySet<GroupName>>;
}

export interface MembershipsDeps {
  readonly domain: Domain;
  readonly recalls: Recalls;
}

const MAX_DEPTH = 10;
const MAX_GROUPS = 5000;

export function createMemberships(config: LdapConfig, { domain, recalls }: MembershipsDeps): Memberships {
  const { groups, preset } = config;
  if (groups === undefined) return { of: async () => new Set() };
  const source = groupSource(config);
  const { flattened, posix, primary, memberAttributes: usual } = PRESETS[preset].groups;
  const base: GroupBase = { dn: groups.base, scope: groups.scope };
  const search = createGroupSearch(groups, primary);
  const named = groups.name === 'cn';
  const listing = listedIn(groups.memberAttributes ?? usual);
  const parents = createParentGroups((dns, reader, deadline) => search(listing(dns), reader, deadline), recalls);
  const sids = createSidResolver(search, recalls);

  async function listed(user: Entry, reader: Reader, deadline: Deadline): Promise<readonly Group[]> {
    if (source === 'memberOf') {
      const dns = await allValues(user, 'memberOf', reader, deadline);
      return dns.map((dn) => groupOfDn(dn, named, base));
    }
    const byGroup = source === 'member' ? [listing([user.dn])] : [];
    const byUid = source === 'posixGroup' || posix ? posixFilters(user) : [];
    const filters = [...byGroup, ...byUid];
    return filters.length === 0 ? [] : search(or(filters), reader, deadline);
  }

  async function directly(user: Entry, reader: Reader, deadline: Deadline): Promise<readonly Group[]> {
    const direct = await listed(user, reader, deadline);
    return primary ? [...direct, ...(await sids.groupsOf(primaryGroupSid(user), reader, deadline))] : direct;
  }

  async function byLevels(user: Entry, reader: Reader, deadline: Deadline): Promise<readonly Group[]> {
    const known = new Map<string, Group>();
    let frontier = addNew(known, await directly(user, reader, deadline));
    for (let depth = 1; frontier.length > 0; depth += 1) {
      if (depth > MAX_DEPTH) throw tooMany(`groups nested more than ${MAX_DEPTH} deep`);
      // A whole level at a time, however many groups it has.
      frontier = addNew(known, await parents.of(frontier, reader, deadline));
    }
    return [...known.values()];
  }

  async function byChain(user: Entry, reader: Reader, deadline: Deadline): Promise<readonly Group[]> {
    requireActiveDirectory(await domain.facts(reader, deadline), 'groups.nested: inChain');
    const own = await sids.groupsOf(primaryGroupSid(user), reader, deadline);
    const chains = or([user.dn, ...own.map(({ dn }) => dn)].map(inChain));
    return [...own, ...(await search(chains, reader, deadline))];
  }

  /** A token has security groups only, so what lists the user itself counts beside it. */
  async function byToken(user: Entry, reader: Reader, deadline: Deadline): Promise<readonly Group[] | undefined> {
    const token = await readTokenGroups(user, reader, deadline);
    if (token.length === 0) return undefined;
    return [...(await listed(user, reader, deadline)), ...(await sids.groupsOf(token, reader, deadline))];
  }

  async function inTheWay(user: Entry, reader: Reader, deadline: Deadline): Promise<readonly Group[]> {
    switch (groups?.nested) {
      case 'inChain':
        return byChain(user, reader, deadline);
      case 'tokenGroups': {
        requireActiveDirectory(await domain.facts(reader, deadline), 'groups.nested: tokenGroups');
        const all = await byToken(user, reader, deadline);
        if (all === undefined) throw unreadableToken(user);
        return all;
      }
      case 'levels':
        return byLevels(user, reader, deadline);
      case 'auto': {
        if (source === 'posixGroup' || (source === 'memberOf' && flattened)) return directly(user, reader, deadline);
        const hasTokens = primary && (await domain.facts(reader, deadline)).isActiveDirectory;
        const all = hasTokens ? await byToken(user, reader, deadline) : undefined;
        return all ?? byLevels(user, reader, deadline);
      }
      case 'off':
      case undefined:
        return directly(user, reader, deadline);
    }
  }

  return {
    of: async (user, reader, deadline) => {
      const known = new Map<string, Group>();
      addNew(known, await inTheWay(user, reader, deadline));
      return groupNames(known.values());
    },
  };
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

function unreadableToken({ dn }: Entry): DirectoryFault {
  return new DirectoryFault(
    'misconfigured',
    `tokenGroups of ${dn} cannot be read: add the service account to Windows Authorization Access Group`,
  );
}

function tooMany(what: string): DirectoryFault {
  return new DirectoryFault(
    'misconfigured',
    `a user with ${what}: narrow groups.base or groups.filter, or set nested: off`,
  );
}
