/** Entries as a directory would send them. */
import { createEntry } from '../../src/backends/ldap/wire/entry.ts';
import type { LdapEntry } from '../../src/backends/ldap/wire/entry.ts';

type Value = string | Buffer;

interface Attributes {
  readonly [name: string]: Value | readonly Value[];
}

export function entryOf({ dn, ...attributes }: { readonly dn: string } & Attributes): LdapEntry {
  const bytesOf = (value: Value): Buffer => (typeof value === 'string' ? Buffer.from(value) : value);
  const values = Object.entries(attributes).map(([name, one]) => [name, [one].flat().map(bytesOf)] as const);
  return createEntry(dn, values);
}
