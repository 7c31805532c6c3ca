/** An entry as the server gave it, under attribute names in lower case. */
import type { Entry as LdaptsEntry } from 'ldapts';

export interface Entry {
  readonly dn: string;
  /** The values of an attribute, whatever the case of its name; none when it is absent. Binary ones are left out. */
  texts(attribute: string): readonly string[];
  /** The names of the attributes that have values, in lower case, with options such as `;range=0-1499`. */
  readonly names: readonly string[];
}

/** ldapts gives one value or several, text or bytes, under the server's spelling of the name. */
export function readEntry({ dn, ...attributes }: LdaptsEntry): Entry {
  const values = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(attributes)) {
    const texts = [value].flat().flatMap((item: string | Buffer) => textOf(item));
    if (texts.length > 0) values.set(name.toLowerCase(), texts);
  }
  return { dn, names: [...values.keys()], texts: (attribute) => values.get(attribute.toLowerCase()) ?? [] };
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
