/** Groups of a directory, and their names in a policy. */
import { canonicalDn, canonicalPart, canonicalParts, parseDn } from '../../../core/dn.ts';
import { groupName, groupNameOfDn } from '../../../core/groups.ts';
import type { GroupName } from '../../../core/identity.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { DirectoryFault } from '../wire/fault.ts';

export interface LdapGroup {
  /** As the directory writes it, for searches. */
  readonly dn: string;
  /** The DN as a policy compares it: the same for all spellings of one DN. */
  readonly canonicalDn: GroupName;
  /** The plain names. */
  readonly names: readonly string[];
  /** False for a group outside `groups.base`: a policy does not see it, but its parent groups may be in the base. */
  readonly isInBase: boolean;
}

/** Where groups are that count. */
export interface GroupBase {
  /** See `canonicalParts`. */
  readonly parts: readonly string[];
  readonly scope: 'sub' | 'one';
}

export function groupBase({ base, scope }: { readonly base: string; readonly scope: 'sub' | 'one' }): GroupBase {
  return { parts: canonicalParts(base) ?? [], scope };
}

/**
 * A group of which only the DN is known. Outside the base it does not count: there, somebody else may decide which names
 * groups have.
 *
 * @param named the attributes, in lower case, whose values in the first part of the DN are names of the group
 * @throws DirectoryFault when the DN cannot be read
 */
export function groupOfDn(dn: string, named: readonly string[], base: GroupBase): LdapGroup {
  const parsed = parseDn(dn);
  const [rdn] = parsed ?? [];
  if (parsed === undefined || rdn === undefined) {
    throw new DirectoryFault('unavailable', `a group has a DN that cannot be read: ${dn.slice(0, 200)}`, {
      canFailOver: false,
    });
  }
  const parts = parsed.map(canonicalPart);
  return {
    dn,
    canonicalDn: groupNameOfDn(dn, parts),
    names: named.flatMap((attribute) => rdnValues(rdn, attribute)),
    isInBase: isUnder(parts, base),
  };
}

/**
 * A group that was read by a search under the base. Whoever may edit a group can add values to an attribute and cannot
 * rename the entry, so the value in the RDN is the name. An attribute that is not in the RDN names the group when it has
 * one value.
 *
 * @param named the attributes whose values are names of the group
 */
export function groupOfEntry(entry: LdapEntry, named: readonly string[]): LdapGroup {
  const { dn } = entry;
  const parsed = parseDn(dn);
  const [rdn = []] = parsed ?? [];
  const names = named.flatMap((attribute) => {
    const inRdn = rdnValues(rdn, attribute.toLowerCase());
    if (inRdn.length > 0) return inRdn;
    const values = entry.texts(attribute);
    return values.length === 1 ? values : [];
  });
  return { dn, canonicalDn: groupNameOfDn(dn, parsed?.map(canonicalPart)), names, isInBase: true };
}

function rdnValues(rdn: NonNullable<ReturnType<typeof parseDn>>[number], attribute: string): readonly string[] {
  return rdn.filter(({ type, encoded }) => type === attribute && !encoded).map(({ value }) => value);
}

/** The names of groups in a policy: each group by its DN and by its plain names. */
export function groupNames(groups: Iterable<LdapGroup>): ReadonlySet<GroupName> {
  const result = new Set<GroupName>();
  for (const { canonicalDn: ownDn, names, isInBase } of groups) {
    if (!isInBase) continue;
    result.add(ownDn);
    for (const name of names) {
      // A name that is itself a DN could be the DN of another group.
      if (name !== '' && canonicalDn(name) === undefined) result.add(groupName(name, { lowercase: true }));
    }
  }
  return result;
}

function isUnder(parts: readonly string[], { parts: base, scope }: GroupBase): boolean {
  const levels = parts.length - base.length;
  if (scope === 'one' ? levels !== 1 : levels < 1) return false;
  return base.every((part, index) => part === parts[levels + index]);
}
