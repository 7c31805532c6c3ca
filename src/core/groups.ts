/**
 * Group names in the form that the policy compares: a distinguished name in canonical form (RFC 4514), any other name as
 * text.
 */
import { canonicalDn } from './dn.ts';
import { foldCase } from './fold-case.ts';
import type { GroupName } from './identity.ts';

export { canonicalDn } from './dn.ts';

/**
 * The name of a group, as a backend delivers it.
 *
 * @param options `lowercase` where the source ignores the case of names
 */
export function groupName(text: string, options: { readonly lowercase: boolean }): GroupName {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the only place that sets the brand
  return (canonicalDn(text) ?? (options.lowercase ? foldCase(text) : text)) as GroupName;
}

/**
 * The name of a group by its DN, where the DN is parsed already.
 *
 * @param parts see `canonicalParts`; undefined: the text is not a DN
 */
export function groupNameOfDn(dn: string, parts: readonly string[] | undefined): GroupName {
  const text = parts === undefined || parts.length < 2 ? foldCase(dn) : parts.join(',');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  return text as GroupName;
}
