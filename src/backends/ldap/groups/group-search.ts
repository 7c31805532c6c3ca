/** Searches for groups, where groups are. */
import type { LdapConfig } from '../config/config.ts';
import type { Reader } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { Entry } from '../wire/entry.ts';
import { faultOfResult } from '../wire/fault.ts';
import { and, encodeFilter, equal, or } from '../wire/filter.ts';
import type { FilterNode } from '../wire/filter.ts';
import type { SidGroup } from './token-groups.ts';

/** All groups that a filter fits. Throws DirectoryFault. */
export type GroupSearch = (filter: FilterNode, reader: Reader, deadline: Deadline) => Promise<readonly SidGroup[]>;

/** @param withSid whether the groups' SIDs are asked for too */
export function createGroupSearch(
  { base, scope, filter: only, name }: NonNullable<LdapConfig['groups']>,
  withSid: boolean,
): GroupSearch {
  const names = name === 'dn' ? [] : [name];
  const attributes = withSid ? [...names, 'objectSid'] : names;
  return async (wanted, reader, deadline) => {
    const filter = encodeFilter(only === undefined ? wanted : and([only, wanted]));
    const answer = await reader.search({ base, scope, filter, attributes }, deadline);
    if (answer.code !== 0) throw faultOfResult(answer.code, answer.diagnostic, 'searching groups');
    return answer.entries.map((entry) => ({
      dn: entry.dn,
      names: names.flatMap((attribute) => entry.texts(attribute)),
      counts: true,
      sid: entry.bytes('objectSid')[0],
    }));
  };
}

/** Groups that list one of these DNs. */
export function listedIn(attributes: readonly string[]): (dns: readonly string[]) => FilterNode {
  return (dns) => or(attributes.flatMap((attribute) => dns.map((dn) => equal(attribute, dn))));
}

/** LDAP_MATCHING_RULE_IN_CHAIN ([MS-ADTS] 3.1.1.3.4.4.3): groups that list this DN, and the groups of those. */
export function inChain(dn: string): FilterNode {
  return {
    kind: 'extensible',
    attribute: 'member',
    rule: '1.2.840.113556.1.4.1941',
    dnAttributes: false,
    value: [Buffer.from(dn)],
  };
}

/** RFC 2307: listed by uid, or by the gid in the user's own entry. */
export function posixFilters(user: Entry): readonly FilterNode[] {
  const ways = [
    ...user.texts('uid').map((uid) => equal('memberUid', uid)),
    ...user.texts('gidNumber').map((gid) => equal('gidNumber', gid)),
  ];
  return ways.length === 0 ? [] : [and([equal('objectClass', 'posixGroup'), or(ways)])];
}
