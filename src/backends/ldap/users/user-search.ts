/** Finds the entry that a login means. */
import type { LdapConfig } from '../config/config.ts';
import { parseFilter } from '../config/filter-parse.ts';
import { printFilter } from '../config/filter-print.ts';
import { LDAP_PRESETS } from '../config/presets.ts';
import { groupSource, idAttribute, loginAttributes, usernameAttribute } from '../config/resolve.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { Reader, SearchAnswer } from '../wire/connection.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { faultOfResult } from '../wire/fault.ts';
import { ANY_ENTRY, and, encodeFilter, or, placeholdersOf } from '../wire/filter.ts';
import type { FilterNode } from '../wire/filter.ts';
import { RESULT } from '../wire/result-code.ts';

export type UserSearchResult =
  | { readonly kind: 'found'; readonly entry: LdapEntry }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous'; readonly dns: readonly string[] };

/** Every method that searches throws DirectoryFault. */
export interface UserSearch {
  /** Searches by the login, as `users` configures it. */
  find(reader: Reader, login: string, deadline: Deadline): Promise<UserSearchResult>;
  /** The filter and the base of `find`, as text. */
  describe(login: string): string;
  /** Searches for any user; `found` or `ambiguous` when there is one. */
  findAnyUser(reader: Reader, deadline: Deadline): Promise<UserSearchResult>;
  /** Searches by the login among all entries, users or not. */
  findUnfiltered(reader: Reader, login: string, deadline: Deadline): Promise<UserSearchResult>;
  /** Reads one entry; `none` when it does not exist, is not visible or does not match `users.filter`. */
  read(reader: Reader, dn: string, deadline: Deadline): Promise<UserSearchResult>;
}

const LOGIN = { placeholder: 'login' } as const;

export function createUserSearch(config: LdapConfig): UserSearch {
  const { users, preset } = config;
  const attributes = requestedAttributes(config);
  const filter = loginFilter(config);
  const base = users.base ?? '';

  async function search(reader: Reader, encoded: Buffer, deadline: Deadline): Promise<UserSearchResult> {
    const answer = await reader.search({ base, scope: users.scope, filter: encoded, attributes, limit: 2 }, deadline);
    if (answer.code !== RESULT.success) {
      throw faultOfResult(answer, `searching users (preset ${preset})`);
    }
    return resultOf(answer);
  }

  return {
    find: (reader, login, deadline) => search(reader, encodeFilter(filter, { login }), deadline),
    describe: (login) => `${printFilter(filter, { login })} under ${base}`,
    findAnyUser: (reader, deadline) => {
      const filterOfUsers = userFilter(config);
      const anyUser = placeholdersOf(filterOfUsers).has('login') ? ANY_ENTRY : filterOfUsers;
      return search(reader, encodeFilter(anyUser), deadline);
    },
    findUnfiltered: (reader, login, deadline) =>
      search(reader, encodeFilter(loginAttributesFilter(config), { login }), deadline),
    read: async (reader, dn, deadline) => {
      const readFilter = encodeFilter(users.filter ?? ANY_ENTRY);
      const request = { base: dn, scope: 'base', filter: readFilter, attributes, limit: 2 } as const;
      const answer = await reader.search(request, deadline);
      if (answer.code === RESULT.noSuchObject) return { kind: 'none' };
      if (answer.code !== RESULT.success) throw faultOfResult(answer, `reading ${dn}`);
      return resultOf(answer);
    },
  };
}

function resultOf({ entries }: SearchAnswer): UserSearchResult {
  const [entry, second] = entries;
  if (entry === undefined) return { kind: 'none' };
  return second === undefined ? { kind: 'found', entry } : { kind: 'ambiguous', dns: entries.map(({ dn }) => dn) };
}

/** Which entries are users. */
function userFilter({ preset, users }: LdapConfig): FilterNode {
  return users.filter ?? presetFilter(LDAP_PRESETS[preset].users.filter);
}

function loginAttributesFilter(config: LdapConfig): FilterNode {
  return or(loginAttributes(config).map((attribute) => ({ kind: 'equal', attribute, value: [LOGIN] })));
}

function loginFilter(config: LdapConfig): FilterNode {
  const filter = userFilter(config);
  return placeholdersOf(filter).has('login') ? filter : and([filter, loginAttributesFilter(config)]);
}

function presetFilter(text: string): FilterNode {
  const filter = parseFilter(text);
  // INVARIANT: a test parses the filter of every preset.
  if (typeof filter === 'string') throw new Error(filter);
  return filter;
}

/** The attributes of a user's entry that the login reads, and no others. */
function requestedAttributes(config: LdapConfig): readonly string[] {
  const { preset, groups, attributes } = config;
  const source = groups === undefined ? undefined : groupSource(config);
  const posix = source === 'posixGroup' || (source === 'member' && LDAP_PRESETS[preset].groups.posix);
  return [
    ...new Set([
      usernameAttribute(config),
      idAttribute(config),
      ...LDAP_PRESETS[preset].users.state,
      ...(source === 'memberOf' ? ['memberOf'] : []),
      ...(groups !== undefined && LDAP_PRESETS[preset].groups.primary ? ['objectSid', 'primaryGroupID'] : []),
      ...(posix ? ['uid', 'gidNumber'] : []),
      ...attributes,
    ]),
  ];
}
