/**
 * Group names as policy compares them: a distinguished name is compared as one (RFC 4514), any other name as text.
 */
import { canonicalDn } from './dn.ts';
import { foldCase } from './fold-case.ts';
import type { GroupName } from './identity.ts';

export { canonicalDn } from './dn.ts';

/**
 * A group's name as a backend delivers it.
 *
 * @param options `lowercase` where the source compares names without case
 */
export function groupName(text: string, options: { readonly lowercase: boolean }): GroupName {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where the brand is given
  return (canonicalDn(text) ?? (options.lowercase ? foldCase(text) : text)) as GroupName;
}
