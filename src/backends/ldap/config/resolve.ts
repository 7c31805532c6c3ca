/** Settings in force: the key of the configuration, or the default of the preset where the key is absent. */
import type { LdapKeys } from './keys.ts';
import { LDAP_PRESETS } from './presets.ts';

export type TlsMode = 'ldaps' | 'starttls' | 'none';
export type GroupSource = 'memberOf' | 'member' | 'posixGroup';

/** Without `tls.mode`, the schemes of the urls decide. */
export function tlsMode({ tls, urls }: Pick<LdapKeys, 'tls' | 'urls'>): TlsMode {
  if (urls === undefined) return tls.mode ?? 'starttls';
  return tls.mode ?? (urls.every(({ secure }) => secure) ? 'ldaps' : 'none');
}

export function groupSource({ preset, groups }: Pick<LdapKeys, 'preset' | 'groups'>): GroupSource {
  const from = groups?.from ?? 'auto';
  return from === 'auto' ? LDAP_PRESETS[preset].groups.from : from;
}

export function memberAttributes({ preset, groups }: Pick<LdapKeys, 'preset' | 'groups'>): readonly string[] {
  return groups?.memberAttributes ?? LDAP_PRESETS[preset].groups.memberAttributes;
}

export function loginAttributes({ preset, users }: Pick<LdapKeys, 'preset' | 'users'>): readonly string[] {
  return users.loginAttributes ?? LDAP_PRESETS[preset].users.loginAttributes;
}

export function usernameAttribute({ preset, users }: Pick<LdapKeys, 'preset' | 'users'>): string {
  return users.usernameAttribute ?? LDAP_PRESETS[preset].users.usernameAttribute;
}

/** The attribute of a group with its name; none when only its DN is a name. */
export function groupNameAttributes({ preset, groups }: Pick<LdapKeys, 'preset' | 'groups'>): readonly string[] {
  return groups?.name === 'dn' ? [] : [groups?.name ?? LDAP_PRESETS[preset].groups.rdn[0]];
}

/** The attributes in the first part of a DN that name a group, where its entry is not read. */
export function groupRdnAttributes({ preset, groups }: Pick<LdapKeys, 'preset' | 'groups'>): readonly string[] {
  if (groups?.name === 'dn') return [];
  return groups?.name === undefined ? LDAP_PRESETS[preset].groups.rdn : [groups.name.toLowerCase()];
}

/** The attribute with the id that never changes. */
export function idAttribute({ preset, users }: Pick<LdapKeys, 'preset' | 'users'>): string {
  return users.id ?? LDAP_PRESETS[preset].users.id;
}
