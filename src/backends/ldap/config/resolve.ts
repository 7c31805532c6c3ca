/** Settings in force: the key of the configuration, or the default of the preset where the key is absent. */
import type { LdapKeys } from './keys.ts';
import { PRESETS } from './presets.ts';

export type TlsMode = 'ldaps' | 'starttls' | 'none';
export type GroupSource = 'memberOf' | 'member' | 'posixGroup';

/** Without `tls.mode`, the schemes of the urls decide. */
export function tlsMode({ tls, urls }: Pick<LdapKeys, 'tls' | 'urls'>): TlsMode {
  if (urls === undefined) return tls.mode ?? 'starttls';
  return tls.mode ?? (urls.every(({ secure }) => secure) ? 'ldaps' : 'none');
}

export function groupSource({ preset, groups }: Pick<LdapKeys, 'preset' | 'groups'>): GroupSource {
  const from = groups?.from ?? 'auto';
  return from === 'auto' ? PRESETS[preset].groups.from : from;
}

export function memberAttributes({ preset, groups }: Pick<LdapKeys, 'preset' | 'groups'>): readonly string[] {
  return groups?.memberAttributes ?? PRESETS[preset].groups.memberAttributes;
}

export function loginAttributes({ preset, users }: Pick<LdapKeys, 'preset' | 'users'>): readonly string[] {
  return users.loginAttributes ?? PRESETS[preset].users.loginAttributes;
}

export function usernameAttribute({ preset, users }: Pick<LdapKeys, 'preset' | 'users'>): string {
  return users.usernameAttribute ?? PRESETS[preset].users.usernameAttribute;
}

/** The attribute with the id that never changes. */
export function idAttribute({ preset, users }: Pick<LdapKeys, 'preset' | 'users'>): string {
  return users.id ?? PRESETS[preset].users.id;
}
