/** Searches groups under `groups.base`, and the filters for these searches. */
import type { LdapConfig } from '../config/config.ts';
import type { Reader } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { faultOfResult } from '../wire/fault.ts';
import { and, encodeFilter, equal, or } from '../wire/filter.ts';
import type { FilterNode } from '../wire/filter.ts';
import { RESULT } from '../wire/result-code.ts';
import { namesInEntry } from './group.ts';
import type { LdapGroup } from './group.ts';

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
  { base, scope, filter: groupFilter, name }: NonNullable<LdapConfig['groups']>,
  { withSid, securityOnly }: GroupSearchOptions,
): GroupSearch {
  const conditions = [...(groupFilter === undefined ? [] : [groupFilter]), ...(securityOnly ? [SECURITY_GROUP] : [])];
  const nameAttributes = name === 'dn' ? [] : [name];
  const attributes = withSid ? [...nameAttributes, 'objectSid'] : nameAttributes;
  return async (filter, reader, deadline) => {
    const encoded = encodeFilter(conditions.length === 0 ? filter : and([...conditions, filter]));
    const answer = await reader.search({ base, scope, filter: encoded, attributes }, deadline);
    if (answer.code !== RESULT.success) throw faultOfResult(answer, 'searching groups');
    return answer.entries.map((entry) => ({
      dn: entry.dn,
      names: nameAttributes.flatMap((attribute) => namesInEntry(entry.dn, attribute, entry.texts(attribute))),
      isInBase: true,
      sid: entry.bytes('objectSid')[0],
    }));
  };
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
