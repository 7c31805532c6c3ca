/** Groups as found in a directory, and the names they have in policy. */
import { canonicalDn, canonicalParts, parseDn } from '../../../core/dn.ts';
import { groupName } from '../../../core/groups.ts';
import type { GroupName } from '../../../core/identity.ts';
import { DirectoryFault } from '../wire/fault.ts';

export interface Group {
  readonly dn: string;
  readonly names: readonly string[];
  /** False for a group outside the base: it only leads to others. */
  readonly counts: boolean;
}

/** Where groups are that count. */
export interface GroupBase {
  readonly dn: string;
  readonly scope: 'sub' | 'one';
}

/**
 * A group of which only the DN is known. Its name is told by its DN, so it counts beneath the base alone: elsewhere
 * somebody else may decide what a group is called.
 *
 * @param named whether the cn in the DN names it
 * @throws DirectoryFault when the DN cannot be read
 */
export function groupOfDn(dn: string, named: boolean, base: GroupBase): Group {
  const parts = canonicalParts(dn);
  const own = parseDn(dn)?.[0];
  if (parts === undefined || own === undefined) {
    throw new DirectoryFault('unavailable', `a group has a DN that cannot be read: ${dn.slice(0, 200)}`, {
      elsewhere: false,
    });
  }
  const names = own.filter(({ type, encoded }) => named && type === 'cn' && !encoded).map(({ value }) => value);
  return { dn, names, counts: isBeneath(parts, base) };
}

/** Each group under its plain names and under its DN. */
export function groupNames(groups: Iterable<Group>): ReadonlySet<GroupName> {
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

function isBeneath(parts: readonly string[], { dn, scope }: GroupBase): boolean {
  const base = canonicalParts(dn) ?? [];
  const levels = parts.length - base.length;
  if (scope === 'one' ? levels !== 1 : levels < 1) return false;
  return base.every((part, index) => part === parts[levels + index]);
}
