/** An entry of the directory. Attribute names are matched without regard to case. */
import { isUtf8 } from 'node:buffer';

export interface LdapEntry {
  readonly dn: string;
  /** The values of an attribute that are valid UTF-8; empty when it is absent. */
  texts(attribute: string): readonly string[];
  /** All values as bytes. */
  bytes(attribute: string): readonly Buffer[];
  /** The names of the attributes with values, in lower case and with options such as `;range=0-1499`. */
  readonly names: readonly string[];
}

/** @param attributes their values as bytes, under the names as the server writes them. A name may be there twice. */
export function createEntry(dn: string, attributes: Iterable<readonly [string, readonly Buffer[]]>): LdapEntry {
  const values = new Map<string, Buffer[]>();
  for (const [name, more] of attributes) {
    const key = name.toLowerCase();
    const all = values.get(key) ?? [];
    for (const value of more) all.push(value);
    if (all.length > 0) values.set(key, all);
  }
  const valuesOf = (attribute: string): readonly Buffer[] => values.get(attribute.toLowerCase()) ?? NO_VALUES;
  return {
    dn,
    names: [...values.keys()],
    texts: (attribute) => textsIn(valuesOf(attribute)),
    bytes: valuesOf,
  };
}

/** Most attributes that a login asks for are absent, and most others have one value. */
const NO_VALUES: readonly never[] = [];

function textsIn(values: readonly Buffer[]): readonly string[] {
  return values.length === 0 ? NO_VALUES : values.filter(isUtf8).map((value) => value.toString('utf8'));
}
