/** Which preset a directory needs, from its root DSE (RFC 4512, section 5.1). */
import { ACTIVE_DIRECTORY } from '../attempt/active-directory.ts';
import type { LdapPresetName } from '../config/presets.ts';
import type { LdapEntry } from '../wire/entry.ts';

/** The attributes of the root DSE that `presetsFor` reads. */
export const KIND_ATTRIBUTES = ['objectClass', 'vendorName', 'supportedCapabilities'] as const;

/** The vendorName of the root DSE (RFC 3045). */
const VENDORS: readonly (readonly [RegExp, LdapPresetName])[] = [
  [/lldap/i, 'lldap'],
  [/glauth/i, 'glauth'],
  [/authentik/i, 'authentik'],
  [/google/i, 'google-secure-ldap'],
];

/**
 * @param root the root DSE
 * @returns the presets that suit the server, the most likely one first; empty when it is not known
 */
export function presetsFor(root: LdapEntry): readonly LdapPresetName[] {
  const vendor = root.texts('vendorName').join(' ');
  if (root.texts('supportedCapabilities').includes(ACTIVE_DIRECTORY)) {
    return /samba/i.test(vendor) ? ['samba', 'active-directory'] : ['active-directory', 'samba'];
  }
  if (/389 Project|Red Hat|Fedora/i.test(vendor)) return ['389ds', 'freeipa'];
  const named = VENDORS.find(([pattern]) => pattern.test(vendor));
  if (named !== undefined) return [named[1]];
  return root.texts('objectClass').some((name) => name.toLowerCase() === 'openldaprootdse') ? ['openldap'] : [];
}
