/** Searches groups under `groups.base`, and the filters for these searches. */
import type { LdapConfig } from '../config/config.ts';
import type { Reader } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { faultOfResult } from '../wire/fault.ts';
import { and, encodeFilter, equal, or } from '../wire/filter.ts';
import type { FilterNode } from '../wire/filter.ts';
import { RESULT } from '../wire/result-code.ts';
import type { LdapGroup } from './group.ts';

interface FoundGroup extends LdapGroup {
  /** Undefined when the search did not ask for it, or the group has none. */
  readonly sid: Buffer | undefined;
}

/** All groups that match a filter. Throws DirectoryFault. */
export type GroupSearch = (filter: FilterNode, reader: Reader, deadline: Deadline) => Promise<readonly FoundGroup[]>;

/** @param withSid whether to read the SIDs of the groups */
export function createGroupSearch(
  { base, scope, filter: groupFilter, name }: NonNullable<LdapConfig['groups']>,
  withSid: boolean,
): GroupSearch {
  const nameAttributes = name === 'dn' ? [] : [name];
  const attributes = withSid ? [...nameAttributes, 'objectSid'] : nameAttributes;
  return async (filter, reader, deadline) => {
    const encoded = encodeFilter(groupFilter === undefined ? filter : and([groupFilter, filter]));
    const answer = await reader.search({ base, scope, filter: encoded, attributes }, deadline);
    if (answer.code !== RESULT.success) throw faultOfResult(answer.code, answer.diagnostic, 'searching groups');
    return answer.entries.map((entry) => ({
      dn: entry.dn,
      names: nameAttributes.flatMap((attribute) => entry.texts(attribute)),
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
