/** Finds the entry that a login means. */
import { canonicalDn } from '../../../core/dn.ts';
import type { LdapConfig } from '../config/config.ts';
import { parseFilter } from '../config/filter-parse.ts';
import { printFilter } from '../config/filter-print.ts';
import { LDAP_PRESETS } from '../config/presets.ts';
import { groupSource, idAttribute, loginAttributes, usernameAttribute } from '../config/resolve.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { Reader } from '../wire/search.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { faultOfResult } from '../wire/fault.ts';
import { ANY_ENTRY, and, encodeFilter, equal, or, placeholdersOf } from '../wire/filter.ts';
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
  /** Searches for the entries that a name without a DN can mean. */
  findByBindName(
    reader: Reader,
    name: { readonly account: string; readonly bindName: string },
    deadline: Deadline,
  ): Promise<readonly LdapEntry[]>;
  /** Reads one entry; `none` when it does not exist, is not visible or does not match `users.filter`. */
  read(reader: Reader, dn: string, deadline: Deadline): Promise<UserSearchResult>;
}

const LOGIN = { placeholder: 'login' } as const;

export function createUserSearch(config: LdapConfig): UserSearch {
  const { users, preset, followAliases } = config;
  const attributes = requestedAttributes(config);
  const filter = loginFilter(config);
  const base = users.base ?? '';

  async function searchEntries(reader: Reader, encoded: Buffer, deadline: Deadline): Promise<readonly LdapEntry[]> {
    // With aliases the same entry may be found several times.
    const limit = followAliases ? 20 : 2;
    const request = { base, scope: users.scope, filter: encoded, attributes, limit, followAliases } as const;
    const answer = await reader.search(request, deadline);
    if (answer.code === RESULT.success) return answer.entries;
    if (answer.code === RESULT.noSuchObject && (await hasBase(reader, base, deadline))) return [];
    throw faultOfResult(answer, `searching users (preset ${preset})`);
  }

  async function search(reader: Reader, encoded: Buffer, deadline: Deadline): Promise<UserSearchResult> {
    return resultOf(await searchEntries(reader, encoded, deadline));
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
    findByBindName: (reader, { account, bindName }, deadline) => {
      const byName = or([equal('sAMAccountName', account), equal('userPrincipalName', bindName)]);
      return searchEntries(reader, encodeFilter(and([userFilter(config), byName])), deadline);
    },
    read: async (reader, dn, deadline) => {
      const readFilter = encodeFilter(users.filter ?? ANY_ENTRY);
      const request = { base: dn, scope: 'base', filter: readFilter, attributes, limit: 2 } as const;
      const answer = await reader.search(request, deadline);
      if (answer.code === RESULT.noSuchObject) return { kind: 'none' };
      if (answer.code !== RESULT.success) throw faultOfResult(answer, `reading ${dn}`);
      return resultOf(answer.entries);
    },
  };
}

/** Some directories answer noSuchObject when no entry matches, so the base is read before that counts as a mistake. */
async function hasBase(reader: Reader, base: string, deadline: Deadline): Promise<boolean> {
  // The root always exists. Servers that cannot search from it answer noSuchObject too.
  if (base === '') return false;
  const request = { base, scope: 'base', filter: encodeFilter(ANY_ENTRY), attributes: [], limit: 1 } as const;
  const { code, entries } = await reader.search(request, deadline);
  return code === RESULT.success && entries.length > 0;
}

function resultOf(entries: readonly LdapEntry[]): UserSearchResult {
  const [only] = entries;
  if (only !== undefined && entries.length === 1) return { kind: 'found', entry: only };
  const byDn = new Map(entries.map((entry) => [canonicalDn(entry.dn) ?? entry.dn, entry]));
  const [entry, second] = byDn.values();
  if (entry === undefined) return { kind: 'none' };
  if (second === undefined) return { kind: 'found', entry };
  return { kind: 'ambiguous', dns: [...byDn.values()].map(({ dn }) => dn) };
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

function stateAttributes({ preset, users }: LdapConfig): readonly string[] {
  const { state } = LDAP_PRESETS[preset].users;
  // What is not read cannot refuse a login.
  return users.expiredPasswords === 'refuse' ? state : state.filter((name) => name !== 'krbPasswordExpiration');
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
      ...stateAttributes(config),
      ...(source === 'memberOf' ? ['memberOf'] : []),
      ...(LDAP_PRESETS[preset].bindNames ? ['objectSid'] : []),
      ...(groups !== undefined && LDAP_PRESETS[preset].groups.primary ? ['objectSid', 'primaryGroupID'] : []),
      ...(posix ? ['uid', 'gidNumber'] : []),
      ...attributes,
    ]),
  ];
}
