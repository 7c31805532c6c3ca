/** Converts an entry to an identity. */
import { MAX_NAME, MAX_VALUE_LENGTH, MAX_VALUES } from '../../names.ts';
import { canonicalDn, parseDn } from '../../../core/dn.ts';
import { foldCase } from '../../../core/fold-case.ts';
import { username } from '../../../core/identity.ts';
import type { GroupName, Identity } from '../../../core/identity.ts';
import type { LdapEntry } from '../wire/entry.ts';

export interface LdapIdentityRules {
  /** The name of the backend. */
  readonly backend: string;
  readonly usernameAttribute: string;
  readonly idAttribute: string;
  /** The attributes for the placeholders of a policy, with their names as the configuration writes them. */
  readonly attributes: readonly string[];
}

/** @returns undefined when the username attribute has no usable value, or several */
export function identityOf(
  entry: LdapEntry,
  groups: ReadonlySet<GroupName>,
  rules: LdapIdentityRules,
): Identity | undefined {
  const name = canonicalName(entry, rules.usernameAttribute);
  if (name === undefined) return undefined;
  return {
    // The name in the entry and not the login: a directory finds one entry by many spellings.
    username: username(foldCase(name)),
    groups,
    backend: rules.backend,
    caseless: true,
    attributes: new Map(rules.attributes.flatMap((attribute) => attributeOf(entry, attribute))),
    subject: subjectOf(entry, rules.idAttribute),
  };
}

/**
 * The id of an account, which depends neither on the login nor on the name of the entry. An entry without an id is
 * identified by its DN.
 */
export function subjectOf(entry: LdapEntry, idAttribute: string): string {
  const [id, ...others] = entry.bytes(idAttribute);
  return id === undefined || others.length > 0 ? subjectOfDn(entry.dn) : `id ${id.toString('hex')}`;
}

export function subjectOfDn(dn: string): string {
  return `dn ${canonicalDn(dn) ?? dn}`;
}

function canonicalName(entry: LdapEntry, attribute: string): string | undefined {
  const values = entry.texts(attribute);
  const name = values.length > 1 ? valueInDn(entry, attribute, values) : values[0];
  return name !== undefined && isName(name) ? name : undefined;
}

/** The value that is also in the DN of the entry. */
function valueInDn({ dn }: LdapEntry, attribute: string, values: readonly string[]): string | undefined {
  const own = parseDn(dn)?.[0]?.find(({ type, encoded }) => type === attribute.toLowerCase() && !encoded);
  return own === undefined ? undefined : values.find((value) => foldCase(value) === foldCase(own.value));
}

function isName(text: string): boolean {
  return text.trim() !== '' && text.length <= MAX_NAME && text.isWellFormed() && !/\p{Cc}/u.test(text);
}

function attributeOf(entry: LdapEntry, attribute: string): readonly (readonly [string, readonly string[]])[] {
  const values = entry.texts(attribute);
  if (values.length === 0 || values.length > MAX_VALUES) return [];
  return values.every((value) => value.length <= MAX_VALUE_LENGTH) ? [[`attr:${attribute}`, values]] : [];
}
