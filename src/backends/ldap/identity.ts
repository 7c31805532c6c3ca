/** From an entry to an identity. */
import { canonicalDn, parseDn } from '../../core/dn.ts';
import { foldCase } from '../../core/fold-case.ts';
import { username } from '../../core/identity.ts';
import type { GroupName, Identity } from '../../core/identity.ts';
import type { Entry } from './wire/entry.ts';

export interface IdentityRules {
  readonly backend: string;
  readonly usernameAttribute: string;
  /** The attribute with the id that stays. */
  readonly id: string;
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
    subject: subjectOf(entry, rules.id),
  };
}

/**
 * The account by what does not change with what was typed, nor when the entry is renamed; by its DN where it has no id.
 *
 * @param attribute that holds the id
 */
export function subjectOf(entry: Entry, attribute: string): string {
  const [id, ...others] = entry.bytes(attribute);
  return id === undefined || others.length > 0 ? subjectOfDn(entry.dn) : `id ${id.toString('hex')}`;
}

export function subjectOfDn(dn: string): string {
  return `dn ${canonicalDn(dn) ?? dn}`;
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
