/** An entry as the server gave it, under attribute names in lower case. */
import type { Entry as LdaptsEntry } from 'ldapts';

export interface Entry {
  readonly dn: string;
  /** The values of an attribute, whatever the case of its name; none when it is absent. Binary ones are left out. */
  texts(attribute: string): readonly string[];
  /** The values as bytes, binary ones too. */
  bytes(attribute: string): readonly Buffer[];
  /** The names of the attributes that have values, in lower case, with options such as `;range=0-1499`. */
  readonly names: readonly string[];
}

/** ldapts gives one value or several, text or bytes, under the server's spelling of the name. */
export function readEntry({ dn, ...attributes }: LdaptsEntry): Entry {
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
    // What ldapts takes for text is valid UTF-8, so that these are the bytes it was.
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
