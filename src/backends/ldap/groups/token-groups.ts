/**
 * Groups of Active Directory by their SIDs. The token of a user has the SIDs of all security groups, including nested
 * groups and the primary group, and takes one read. The groups with these SIDs are cached, because many users share them.
 */
import type { Reader } from '../wire/search.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { faultOfResult } from '../wire/fault.ts';
import { ANY_ENTRY, encodeFilter, equal, or } from '../wire/filter.ts';
import { RESULT } from '../wire/result-code.ts';
import type { LdapGroup } from './group.ts';
import type { GroupSearch } from './group-search.ts';
import type { TtlCaches } from '../../ttl-cache.ts';
import { isSid, siblingSid } from './sid.ts';

export interface SidResolver {
  /** The groups with these SIDs; groups outside `groups.base` are left out. Throws DirectoryFault. */
  groupsOf(sids: readonly Buffer[], reader: Reader, deadline: Deadline): Promise<readonly LdapGroup[]>;
}

/** SIDs in one filter. */
const BATCH = 100;
const TTL_SECONDS = 600;

export function createSidResolver(search: GroupSearch, caches: TtlCaches): SidResolver {
  const cache = caches.create<LdapGroup | undefined>(TTL_SECONDS);

  return {
    groupsOf: async (sids, reader, deadline) => {
      const groups = new Map<string, LdapGroup | undefined>();
      const uncached: Buffer[] = [];
      for (const sid of sids) {
        const entry = cache.get(sid.toString('hex'));
        if (entry === undefined) uncached.push(sid);
        else groups.set(sid.toString('hex'), entry.value);
      }
      for (let at = 0; at < uncached.length; at += BATCH) {
        const batch = uncached.slice(at, at + BATCH);
        const store = cache.beginLookup();
        const found = await search(or(batch.map((sid) => equal('objectSid', sid))), reader, deadline);
        const bySid = new Map(found.map((group) => [group.sid?.toString('hex'), group]));
        for (const sid of batch.map((bytes) => bytes.toString('hex'))) {
          store(sid, bySid.get(sid));
          groups.set(sid, bySid.get(sid));
        }
      }
      return [...groups.values()].filter((group) => group !== undefined);
    },
  };
}

/** The SIDs in the token of a user; none when the service account may not read them. Throws DirectoryFault. */
export async function readTokenGroups(user: LdapEntry, reader: Reader, deadline: Deadline): Promise<readonly Buffer[]> {
  // The server computes this attribute, and only for a search of this one entry.
  const request = {
    base: user.dn,
    scope: 'base',
    filter: encodeFilter(ANY_ENTRY),
    attributes: ['tokenGroups'],
  } as const;
  const answer = await reader.search(request, deadline);
  if (answer.code !== RESULT.success) {
    throw faultOfResult(answer, `reading tokenGroups of ${user.dn}`);
  }
  return (answer.entries[0]?.bytes('tokenGroups') ?? []).filter(isSid);
}

/** The SID of the primary group, which is neither in memberOf nor in member; none where the user has no SID. */
export function primaryGroupSid(user: LdapEntry): readonly Buffer[] {
  const [sid] = user.bytes('objectSid');
  const [id] = user.texts('primaryGroupID');
  const primary = sid === undefined || id === undefined ? undefined : siblingSid(sid, id);
  return primary === undefined ? [] : [primary];
}
