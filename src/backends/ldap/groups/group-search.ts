/** Searches groups under `groups.base`, and the filters for these searches. */
import type { LdapConfig } from '../config/config.ts';
import { LDAP_PRESETS } from '../config/presets.ts';
import { groupNameAttributes } from '../config/resolve.ts';
import type { Reader, SearchRequest } from '../wire/search.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { DirectoryFault, faultOfResult } from '../wire/fault.ts';
import { and, encodeFilter, equal, or } from '../wire/filter.ts';
import type { FilterNode } from '../wire/filter.ts';
import { RESULT } from '../wire/result-code.ts';
import { groupOfEntry } from './group.ts';
import type { LdapGroup } from './group.ts';

/** How dynamic groups are described; a server ignores what it does not know. */
const DYNAMIC: FilterNode = or([
  { kind: 'present', attribute: 'memberURL' },
  { kind: 'present', attribute: 'labeledURI' },
  equal('objectClass', 'groupOfURLs'),
]);

interface FoundGroup extends LdapGroup {
  /** Undefined when the search did not ask for it, or the group has none. */
  readonly sid: Buffer | undefined;
}

/** All groups that match a filter. Throws DirectoryFault. */
export type GroupSearch = (filter: FilterNode, reader: Reader, deadline: Deadline) => Promise<readonly FoundGroup[]>;

interface GroupSearchOptions {
  /** Whether to read the SIDs of the groups. */
  readonly withSid: boolean;
  /** Whether to leave out the groups of Active Directory that are for mail only. */
  readonly securityOnly: boolean;
}

/** Groups with the bit of groupType that security groups have ([MS-ADTS] 2.2.12). */
const SECURITY_GROUP: FilterNode = {
  kind: 'extensible',
  attribute: 'groupType',
  // LDAP_MATCHING_RULE_BIT_AND ([MS-ADTS] 3.1.1.3.4.4.1).
  rule: '1.2.840.113556.1.4.803',
  dnAttributes: false,
  value: [Buffer.from(String(0x80_00_00_00))],
};

export function createGroupSearch(
  config: LdapConfig,
  { base, scope, filter: groupFilter }: NonNullable<LdapConfig['groups']>,
  { withSid, securityOnly }: GroupSearchOptions,
): GroupSearch {
  const conditions = [...(groupFilter === undefined ? [] : [groupFilter]), ...(securityOnly ? [SECURITY_GROUP] : [])];
  const nameAttributes = groupNameAttributes(config);
  const { followAliases } = config;
  const { noSuchObjectIsEmpty } = LDAP_PRESETS[config.preset];
  const attributes = withSid ? [...nameAttributes, 'objectSid'] : nameAttributes;
  return async (filter, reader, deadline) => {
    const matching = conditions.length === 0 ? filter : and([...conditions, filter]);
    const request = { base, scope, filter: encodeFilter(matching), attributes, followAliases } as const;
    const answer = await reader.search(request, deadline);
    if (noSuchObjectIsEmpty && answer.code === RESULT.noSuchObject) return [];
    if (answer.code !== RESULT.success) throw faultOfResult(answer, 'searching groups');
    const dynamic = answer.isPaged === true && !withSid ? await dynamicGroups(request, matching, reader, deadline) : [];
    return [...answer.entries, ...dynamic].map((entry) => ({
      ...groupOfEntry(entry, nameAttributes),
      sid: entry.bytes('objectSid')[0],
    }));
  };
}

/**
 * The dynamic groups that match. OpenLDAP leaves them out of an answer in pages and says nothing, so they are searched
 * without pages (slapo-dynlist(5)).
 */
async function dynamicGroups(
  request: SearchRequest,
  matching: FilterNode,
  reader: Reader,
  deadline: Deadline,
): Promise<readonly LdapEntry[]> {
  const answer = await reader.search({ ...request, filter: encodeFilter(and([matching, DYNAMIC])) }, deadline);
  if (answer.isPaged === true) {
    throw new DirectoryFault(
      'misconfigured',
      'searching groups: the directory cannot list all dynamic groups of a user in one answer; raise its size limit',
    );
  }
  if (answer.code !== RESULT.success) throw faultOfResult(answer, 'searching dynamic groups');
  return answer.entries;
}

/** The groups that list one of these DNs. */
export function memberFilter(attributes: readonly string[], dns: readonly string[]): FilterNode {
  return or(attributes.flatMap((attribute) => dns.map((dn) => equal(attribute, dn))));
}

/** LDAP_MATCHING_RULE_IN_CHAIN ([MS-ADTS] 3.1.1.3.4.4.3): the groups that list this DN, and their groups. */
export function inChainFilter(dn: string): FilterNode {
  return {
    kind: 'extensible',
    attribute: 'member',
    rule: '1.2.840.113556.1.4.1941',
    dnAttributes: false,
    value: [Buffer.from(dn)],
  };
}

/** The posixGroups that list the uid, or that have the gid of the user's entry (RFC 2307). */
export function posixFilters(user: LdapEntry): readonly FilterNode[] {
  const matches = [
    ...user.texts('uid').map((uid) => equal('memberUid', uid)),
    ...user.texts('gidNumber').map((gid) => equal('gidNumber', gid)),
  ];
  return matches.length === 0 ? [] : [and([equal('objectClass', 'posixGroup'), or(matches)])];
}
