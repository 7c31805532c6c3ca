/** An entry of the directory. Attribute names are matched without regard to case. */
import type { Entry as LdaptsEntry } from 'ldapts';

export interface LdapEntry {
  readonly dn: string;
  /** The values of an attribute that are valid UTF-8; empty when it is absent. */
  texts(attribute: string): readonly string[];
  /** All values as bytes. */
  bytes(attribute: string): readonly Buffer[];
  /** The names of the attributes with values, in lower case and with options such as `;range=0-1499`. */
  readonly names: readonly string[];
}

/** ldapts gives one value or an array, strings or buffers, under the name as the server writes it. */
export function readEntry({ dn, ...attributes }: LdaptsEntry): LdapEntry {
  const values = new Map<string, readonly (string | Buffer)[]>();
  for (const [name, value] of Object.entries(attributes)) {
    const items: readonly (string | Buffer)[] = [value].flat();
    if (items.length > 0) values.set(name.toLowerCase(), items);
  }
  const valuesOf = (attribute: string) => values.get(attribute.toLowerCase()) ?? [];
  return {
    dn,
    names: [...values.keys()],
    texts: (attribute) => valuesOf(attribute).flatMap(textOf),
    // ldapts converts valid UTF-8 only, so the conversion back gives the original bytes.
    bytes: (attribute) => valuesOf(attribute).map((item) => (typeof item === 'string' ? Buffer.from(item) : item)),
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(value: string | Buffer): readonly string[] {
  if (typeof value === 'string') return [value];
  try {
    return [utf8.decode(value)];
  } catch {
    return [];
  }
}
