/** From a login to the one entry it means. */
import type { LdapConfig } from './config/config.ts';
import { groupSource } from './config/config-check.ts';
import type { Reader, SearchAnswer } from './wire/connection.ts';
import type { Deadline } from '../../core/deadline.ts';
import type { Entry } from './wire/entry.ts';
import { faultOfResult } from './wire/fault.ts';
import { parseFilter } from './config/filter-text.ts';
import { ANY_ENTRY, and, encodeFilter, or, placeholdersOf } from './wire/filter.ts';
import type { FilterNode } from './wire/filter.ts';
import { printFilter } from './config/filter-print.ts';
import { PRESETS } from './config/presets.ts';

export type Found =
  | { readonly kind: 'found'; readonly entry: Entry }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous'; readonly dns: readonly string[] };

export interface UserSearch {
  /** Searches as `users` says. Throws DirectoryFault. */
  find(reader: Reader, login: string, deadline: Deadline): Promise<Found>;
  /** What `find` asks, for people to read. */
  describe(login: string): string;
  /** Searches any user at all; `found` or `ambiguous` when there are some. Throws DirectoryFault. */
  findAnybody(reader: Reader, deadline: Deadline): Promise<Found>;
  /** Searches by the login alone, whatever kind of entry it is. Throws DirectoryFault. */
  findUnfiltered(reader: Reader, login: string, deadline: Deadline): Promise<Found>;
  /** Reads one entry; none when it is not there, cannot be seen or is no user. Throws DirectoryFault. */
  read(reader: Reader, dn: string, deadline: Deadline): Promise<Found>;
}

const NO_SUCH_OBJECT = 32;
const LOGIN = { placeholder: 'login' } as const;

export function createUserSearch(config: LdapConfig): UserSearch {
  const { users, preset } = config;
  const attributes = userAttributes(config);
  const filter = loginFilter(config);
  const described = users.filter ?? ANY_ENTRY;
  const base = users.base ?? '';

  async function find(reader: Reader, wanted: Buffer, deadline: Deadline): Promise<Found> {
    const answer = await reader.search({ base, scope: users.scope, filter: wanted, attributes, limit: 2 }, deadline);
    if (answer.code !== 0) throw faultOfResult(answer.code, answer.diagnostic, `searching users (preset ${preset})`);
    return oneOf(answer);
  }

  return {
    find: (reader, login, deadline) => find(reader, encodeFilter(filter, { login }), deadline),
    describe: (login) => `${printFilter(filter, { login })} beneath ${base}`,
    findAnybody: (reader, deadline) => {
      const people = peopleFilter(config);
      return find(reader, encodeFilter(placeholdersOf(people).has('login') ? ANY_ENTRY : people), deadline);
    },
    findUnfiltered: (reader, login, deadline) => find(reader, encodeFilter(byLogin(config), { login }), deadline),
    read: async (reader, dn, deadline) => {
      const request = { base: dn, scope: 'base', filter: encodeFilter(described), attributes, limit: 2 } as const;
      const answer = await reader.search(request, deadline);
      if (answer.code === NO_SUCH_OBJECT) return { kind: 'none' };
      if (answer.code !== 0) throw faultOfResult(answer.code, answer.diagnostic, `reading ${dn}`);
      return oneOf(answer);
    },
  };
}

function oneOf({ entries }: SearchAnswer): Found {
  const [entry, second] = entries;
  if (entry === undefined) return { kind: 'none' };
  return second === undefined ? { kind: 'found', entry } : { kind: 'ambiguous', dns: entries.map(({ dn }) => dn) };
}

function peopleFilter({ preset, users }: LdapConfig): FilterNode {
  return users.filter ?? presetFilter(PRESETS[preset].users.filter);
}

function byLogin({ preset, users }: LdapConfig): FilterNode {
  const attributes = users.loginAttributes ?? PRESETS[preset].users.loginAttributes;
  return or(attributes.map((attribute) => ({ kind: 'equal', attribute, value: [LOGIN] })));
}

function loginFilter(config: LdapConfig): FilterNode {
  const people = peopleFilter(config);
  return placeholdersOf(people).has('login') ? people : and([people, byLogin(config)]);
}

function presetFilter(text: string): FilterNode {
  const filter = parseFilter(text);
  // INVARIANT: a test reads the filter of every preset.
  if (typeof filter === 'string') throw new Error(filter);
  return filter;
}

/** What is asked of a user's entry: no more than identity and groups need. */
function userAttributes(config: LdapConfig): readonly string[] {
  const { preset, users, groups, attributes } = config;
  const source = groups === undefined ? undefined : groupSource(config);
  const posix = source === 'posixGroup' || (source === 'member' && PRESETS[preset].groups.posix);
  return [
    ...new Set([
      users.usernameAttribute ?? PRESETS[preset].users.usernameAttribute,
      users.id ?? PRESETS[preset].users.id,
      ...PRESETS[preset].users.state,
      ...(source === 'memberOf' ? ['memberOf'] : []),
      ...(groups !== undefined && PRESETS[preset].groups.primary ? ['objectSid', 'primaryGroupID'] : []),
      ...(posix ? ['uid', 'gidNumber'] : []),
      ...attributes,
    ]),
  ];
}
