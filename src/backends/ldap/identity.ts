/** From an entry to an identity. */
import { parseDn } from '../../core/dn.ts';
import { foldCase } from '../../core/fold-case.ts';
import { username } from '../../core/identity.ts';
import type { GroupName, Identity } from '../../core/identity.ts';
import type { Entry } from './entry.ts';

export interface IdentityRules {
  readonly backend: string;
  readonly usernameAttribute: string;
  /** The attributes a policy may use, as its placeholders write them. */
  readonly attributes: readonly string[];
}

const MAX_LENGTH = 256;
const MAX_VALUES = 64;

/** @returns undefined when the entry has no name to go by: no value of the attribute, or several. */
export function identityOf(entry: Entry, groups: ReadonlySet<GroupName>, rules: IdentityRules): Identity | undefined {
  const name = canonicalName(entry, rules.usernameAttribute);
  if (name === undefined) return undefined;
  return {
    // The entry's name and not what was typed: a directory finds an entry by many spellings.
    username: username(foldCase(name)),
    groups,
    backend: rules.backend,
    caseless: true,
    attributes: new Map(rules.attributes.flatMap((attribute) => attributeOf(entry, attribute))),
  };
}

function canonicalName(entry: Entry, attribute: string): string | undefined {
  const values = entry.texts(attribute);
  const name = values.length > 1 ? nameInDn(entry, attribute, values) : values[0];
  return name !== undefined && isName(name) ? name : undefined;
}

/** Of several values, the one the entry is named by. */
function nameInDn({ dn }: Entry, attribute: string, values: readonly string[]): string | undefined {
  const own = parseDn(dn)?.[0]?.find(({ type, encoded }) => type === attribute.toLowerCase() && !encoded);
  return own === undefined ? undefined : values.find((value) => foldCase(value) === foldCase(own.value));
}

function isName(text: string): boolean {
  return text.trim() !== '' && text.length <= MAX_LENGTH && text.isWellFormed() && !/\p{Cc}/u.test(text);
}

function attributeOf(entry: Entry, attribute: string): readonly (readonly [string, readonly string[]])[] {
  const values = entry.texts(attribute);
  if (values.length === 0 || values.length > MAX_VALUES) return [];
  return values.every((value) => value.length <= MAX_LENGTH) ? [[`attr:${attribute}`, values]] : [];
}
