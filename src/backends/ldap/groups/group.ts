/** Groups of a directory, and their names in a policy. */
import { canonicalDn, canonicalParts, parseDn } from '../../../core/dn.ts';
import { groupName } from '../../../core/groups.ts';
import type { GroupName } from '../../../core/identity.ts';
import { DirectoryFault } from '../wire/fault.ts';

export interface LdapGroup {
  readonly dn: string;
  readonly names: readonly string[];
  /** False for a group outside `groups.base`: a policy does not see it, but its parent groups may be in the base. */
  readonly isInBase: boolean;
}

interface GroupBase {
  readonly dn: string;
  readonly scope: 'sub' | 'one';
}

/**
 * A group of which only the DN is known. Outside the base it does not count: there, somebody else may decide which names
 * groups have.
 *
 * @param named the attributes, in lower case, whose values in the first part of the DN are names of the group
 * @throws DirectoryFault when the DN cannot be read
 */
export function groupOfDn(dn: string, named: readonly string[], base: GroupBase): LdapGroup {
  const parts = canonicalParts(dn);
  const rdn = parseDn(dn)?.[0];
  if (parts === undefined || rdn === undefined) {
    throw new DirectoryFault('unavailable', `a group has a DN that cannot be read: ${dn.slice(0, 200)}`, {
      canFailOver: false,
    });
  }
  return { dn, names: named.flatMap((attribute) => rdnValues(rdn, attribute)), isInBase: isUnder(parts, base) };
}

/**
 * The plain names of a group that was read. Whoever may edit a group can add values to an attribute and cannot rename
 * the entry, so the value in the RDN is the name. An attribute that is not in the RDN names the group when it has one
 * value.
 *
 * @param values of the attribute in the entry
 */
export function namesInEntry(dn: string, attribute: string, values: readonly string[]): readonly string[] {
  const inRdn = rdnValues(parseDn(dn)?.[0] ?? [], attribute.toLowerCase());
  if (inRdn.length > 0) return inRdn;
  return values.length === 1 ? values : [];
}

function rdnValues(rdn: NonNullable<ReturnType<typeof parseDn>>[number], attribute: string): readonly string[] {
  return rdn.filter(({ type, encoded }) => type === attribute && !encoded).map(({ value }) => value);
}

/** The names of groups in a policy: each group by its DN and by its plain names. */
export function groupNames(groups: Iterable<LdapGroup>): ReadonlySet<GroupName> {
  const result = new Set<GroupName>();
  for (const { dn, names, isInBase } of groups) {
    if (!isInBase) continue;
    result.add(groupName(dn, { lowercase: true }));
    for (const name of names) {
      // A name that is itself a DN could be the DN of another group.
      if (name !== '' && canonicalDn(name) === undefined) result.add(groupName(name, { lowercase: true }));
    }
  }
  return result;
}

function isUnder(parts: readonly string[], { dn, scope }: GroupBase): boolean {
  const base = canonicalParts(dn) ?? [];
  const levels = parts.length - base.length;
  if (scope === 'one' ? levels !== 1 : levels < 1) return false;
  return base.every((part, index) => part === parts[levels + index]);
}
