/**
 * Groups of Active Directory by their SIDs: the user's token lists all security groups, those of groups and the primary
 * one too, in one read. What a SID is called is remembered, as many users share their groups.
 */
import type { Reader } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { Entry } from '../wire/entry.ts';
import { faultOfResult } from '../wire/fault.ts';
import { ANY_ENTRY, encodeFilter, equal, or } from '../wire/filter.ts';
import type { FilterNode } from '../wire/filter.ts';
import type { Group } from './group.ts';
import type { Recalls } from './ttl-cache.ts';
import { isSid, siblingSid } from './sid.ts';

/** A group as a search gives it, with its SID. */
export interface SidGroup extends Group {
  readonly sid: Buffer | undefined;
}

export type SidSearch = (filter: FilterNode, reader: Reader, deadline: Deadline) => Promise<readonly SidGroup[]>;

export interface SidResolver {
  /** The groups with these SIDs; those elsewhere than where groups are looked for are left out. */
  groupsOf(sids: readonly Buffer[], reader: Reader, deadline: Deadline): Promise<readonly Group[]>;
}

const BATCH = 100;
const KEPT_SECONDS = 600;

/** @param search finds groups where groups are */
export function createSidResolver(search: SidSearch, recalls: Recalls): SidResolver {
  const known = recalls.open<Group | undefined>(KEPT_SECONDS);

  return {
    groupsOf: async (sids, reader, deadline) => {
      const found = new Map<string, Group | undefined>();
      const unknown: Buffer[] = [];
      for (const sid of sids) {
        const kept = known.get(sid.toString('hex'));
        if (kept === undefined) unknown.push(sid);
        else found.set(sid.toString('hex'), kept.value);
      }
      for (let at = 0; at < unknown.length; at += BATCH) {
        const batch = unknown.slice(at, at + BATCH);
        const groups = await search(or(batch.map((sid) => equal('objectSid', sid))), reader, deadline);
        const bySid = new Map(groups.map((group) => [group.sid?.toString('hex'), group]));
        for (const sid of batch.map((bytes) => bytes.toString('hex'))) {
          known.put(sid, bySid.get(sid));
          found.set(sid, bySid.get(sid));
        }
      }
      return [...found.values()].filter((group) => group !== undefined);
    },
  };
}

/** The SIDs in a user's token; none where the account that reads may not see them. Throws DirectoryFault. */
export async function readTokenGroups(user: Entry, reader: Reader, deadline: Deadline): Promise<readonly Buffer[]> {
  // It is computed, and only for a search of this one entry.
  const request = {
    base: user.dn,
    scope: 'base',
    filter: encodeFilter(ANY_ENTRY),
    attributes: ['tokenGroups'],
  } as const;
  const answer = await reader.search(request, deadline);
  if (answer.code !== 0) throw faultOfResult(answer.code, answer.diagnostic, `reading tokenGroups of ${user.dn}`);
  return (answer.entries[0]?.bytes('tokenGroups') ?? []).filter(isSid);
}

/** The SID of the primary group, which neither memberOf nor member tells. */
export function primaryGroupSid(user: Entry): readonly Buffer[] {
  const [sid] = user.bytes('objectSid');
  const [id] = user.texts('primaryGroupID');
  const primary = sid === undefined || id === undefined ? undefined : siblingSid(sid, id);
  return primary === undefined ? [] : [primary];
}
