/** The groups of a user: the groups that list the user, and their groups. */
import type { GroupName } from '../../../core/identity.ts';
import type { LdapConfig } from '../config/config.ts';
import { LDAP_PRESETS } from '../config/presets.ts';
import { groupRdnAttributes, groupSource, memberAttributes } from '../config/resolve.ts';
import type { GroupSource } from '../config/resolve.ts';
import type { Reader } from '../wire/search.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { requireActiveDirectory } from '../attempt/active-directory.ts';
import type { DomainCache } from '../attempt/active-directory.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { DirectoryFault } from '../wire/fault.ts';
import { or } from '../wire/filter.ts';
import { groupBase, groupNames, groupOfDn } from './group.ts';
import type { GroupBase, LdapGroup } from './group.ts';
import { createGroupSearch, inChainFilter, memberFilter, posixFilters } from './group-search.ts';
import type { GroupSearch } from './group-search.ts';
import { createParentGroups } from './parent-groups.ts';
import type { ParentGroups } from './parent-groups.ts';
import { allValues } from './ranged-values.ts';
import type { TtlCaches } from '../../ttl-cache.ts';
import { createSidResolver, primaryGroupSid, readTokenGroups } from './token-groups.ts';
import type { SidResolver } from './token-groups.ts';

export interface Memberships {
  /**
   * All groups of a user, by their plain names and by their DNs. It never returns some of them only: a missing group
   * could be one that a rule denies.
   *
   * @throws DirectoryFault
   */
  of(user: LdapEntry, reader: Reader, deadline: Deadline): Promise<ReadonlySet<GroupName>>;
}

interface MembershipsDeps {
  readonly domain: DomainCache;
  readonly caches: TtlCaches;
}

type GroupsConfig = NonNullable<LdapConfig['groups']>;

/** What the functions below share: settings, searches and caches. */
interface Context {
  readonly groups: GroupsConfig;
  readonly base: GroupBase;
  readonly source: GroupSource;
  readonly memberAttributes: readonly string[];
  /** See `groupRdnAttributes`. */
  readonly rdn: readonly string[];
  readonly preset: (typeof LDAP_PRESETS)[LdapConfig['preset']]['groups'];
  /** Whether distribution groups of Active Directory do not count. */
  readonly securityOnly: boolean;
  readonly search: GroupSearch;
  readonly parents: ParentGroups;
  readonly sids: SidResolver;
  readonly domain: DomainCache;
}

/** One user whose groups are read. */
interface Lookup {
  readonly user: LdapEntry;
  readonly reader: Reader;
  readonly deadline: Deadline;
}

const MAX_DEPTH = 10;
const MAX_GROUPS = 5000;

export function createMemberships(config: LdapConfig, { domain, caches }: MembershipsDeps): Memberships {
  const { groups } = config;
  if (groups === undefined) return { of: async () => new Set() };
  const preset = LDAP_PRESETS[config.preset].groups;
  const members = memberAttributes(config);
  // Users of Active Directory can create distribution groups and add themselves to them.
  const securityOnly = preset.primary && !groups.distribution;
  const search = createGroupSearch(config, groups, { withSid: preset.primary, securityOnly });
  const context: Context = {
    groups,
    base: groupBase(groups),
    source: groupSource(config),
    memberAttributes: members,
    rdn: groupRdnAttributes(config),
    preset,
    securityOnly,
    search,
    parents: createParentGroups(
      (dns, reader, deadline) => search(memberFilter(members, dns), reader, deadline),
      caches,
    ),
    sids: createSidResolver(search, caches),
    domain,
  };
  return {
    of: async (user, reader, deadline) => {
      const known = new Map<string, LdapGroup>();
      addNew(known, await byConfiguredMethod(context, { user, reader, deadline }));
      return groupNames(known.values());
    },
  };
}

async function byConfiguredMethod(context: Context, lookup: Lookup): Promise<readonly LdapGroup[]> {
  const { groups, source, preset, domain } = context;
  switch (groups.nested) {
    case 'inChain':
      return byChain(context, lookup);
    case 'tokenGroups': {
      requireActiveDirectory(await domain.facts(lookup.reader, lookup.deadline), 'groups.nested: tokenGroups');
      const found = await byToken(context, lookup);
      if (found === undefined) throw unreadableToken(lookup.user);
      return found;
    }
    case 'levels':
      return byLevels(context, lookup);
    case 'auto': {
      if (source === 'posixGroup' || (source === 'memberOf' && preset.flattened)) return direct(context, lookup);
      const hasTokens = preset.primary && (await domain.facts(lookup.reader, lookup.deadline)).isActiveDirectory;
      const found = hasTokens ? await byToken(context, lookup) : undefined;
      return found ?? byLevels(context, lookup);
    }
    case 'off':
      return direct(context, lookup);
  }
}

/** The groups that list the user, and the primary group. */
async function direct(context: Context, lookup: Lookup): Promise<readonly LdapGroup[]> {
  const groups = await listingUser(context, lookup);
  return context.preset.primary ? [...groups, ...(await primaryGroup(context, lookup))] : groups;
}

async function listingUser(
  { base, source, memberAttributes: attributes, rdn, preset, securityOnly, search }: Context,
  { user, reader, deadline }: Lookup,
): Promise<readonly LdapGroup[]> {
  // memberOf does not have the type of a group; a search for the groups that list the user does.
  if (source === 'memberOf' && !securityOnly) {
    const dns = await allValues(user, 'memberOf', reader, deadline);
    return dns.map((dn) => groupOfDn(dn, rdn, base));
  }
  const byDn = source === 'posixGroup' ? [] : [memberFilter(attributes, [user.dn])];
  const byUid = source === 'posixGroup' || preset.posix ? posixFilters(user) : [];
  const filters = [...byDn, ...byUid];
  return filters.length === 0 ? [] : search(or(filters), reader, deadline);
}

function primaryGroup({ sids }: Context, { user, reader, deadline }: Lookup): Promise<readonly LdapGroup[]> {
  return sids.groupsOf(primaryGroupSid(user), reader, deadline);
}

/** Direct groups, then their parent groups, level by level. Each level takes one search, however many groups it has. */
async function byLevels(context: Context, lookup: Lookup): Promise<readonly LdapGroup[]> {
  const known = new Map<string, LdapGroup>();
  let level = addNew(known, await direct(context, lookup));
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw tooMany(`groups nested more than ${MAX_DEPTH} deep`);
    level = addNew(known, await context.parents.of(level, lookup.reader, lookup.deadline));
  }
  return [...known.values()];
}

/** Active Directory follows the chain from the user, and from the primary group, which does not list the user. */
async function byChain(context: Context, lookup: Lookup): Promise<readonly LdapGroup[]> {
  const { user, reader, deadline } = lookup;
  requireActiveDirectory(await context.domain.facts(reader, deadline), 'groups.nested: inChain');
  const primary = await primaryGroup(context, lookup);
  const chains = or([user.dn, ...primary.map(({ dn }) => dn)].map(inChainFilter));
  return [...primary, ...(await context.search(chains, reader, deadline))];
}

/**
 * The groups in the user's token, which has all security groups. Where distribution groups count, also those that list
 * the user.
 *
 * @returns undefined when the token cannot be read
 */
async function byToken(context: Context, lookup: Lookup): Promise<readonly LdapGroup[] | undefined> {
  const { user, reader, deadline } = lookup;
  const token = await readTokenGroups(user, reader, deadline);
  if (token.length === 0) return undefined;
  const inToken = await context.sids.groupsOf(token, reader, deadline);
  return context.securityOnly ? inToken : [...(await listingUser(context, lookup)), ...inToken];
}

/**
 * @returns the groups that were not known
 * @throws DirectoryFault when there are more than one user can have
 */
function addNew(known: Map<string, LdapGroup>, found: readonly LdapGroup[]): readonly LdapGroup[] {
  const added: LdapGroup[] = [];
  for (const group of found) {
    if (known.has(group.canonicalDn)) continue;
    known.set(group.canonicalDn, group);
    added.push(group);
  }
  if (known.size > MAX_GROUPS) throw tooMany(`more than ${MAX_GROUPS} groups`);
  return added;
}

function unreadableToken({ dn }: LdapEntry): DirectoryFault {
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
