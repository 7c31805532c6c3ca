/**
 * The groups that list other groups. Few are in any, and many users share theirs, so that what was found is remembered
 * for a moment: most logins need no search for it.
 */
import { canonicalDn } from '../../../core/dn.ts';
import type { Reader } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { Group } from './group.ts';
import type { Recalls } from './ttl-cache.ts';

export interface ParentGroups {
  /** The groups that list any of these. Throws DirectoryFault. */
  of(groups: readonly Group[], reader: Reader, deadline: Deadline): Promise<readonly Group[]>;
}

/** Finds the groups that list any of these DNs. */
type Search = (dns: readonly string[], reader: Reader, deadline: Deadline) => Promise<readonly Group[]>;

/** DNs in one filter; servers take some hundred terms well. */
const BATCH = 50;
const KEPT_SECONDS = 30;

export function createParentGroups(search: Search, recalls: Recalls): ParentGroups {
  const known = recalls.open<readonly Group[]>(KEPT_SECONDS);

  return {
    of: async (groups, reader, deadline) => {
      const found: Group[] = [];
      const unknown: string[] = [];
      for (const { dn } of groups) {
        const kept = known.get(keyOf(dn));
        if (kept === undefined) unknown.push(dn);
        else found.push(...kept.value);
      }
      for (let at = 0; at < unknown.length; at += BATCH) {
        const dns = unknown.slice(at, at + BATCH);
        const parents = await search(dns, reader, deadline);
        // Of several groups it is not told which one a parent lists; that none has any is told of each.
        if (parents.length === 0 || dns.length === 1) for (const dn of dns) known.put(keyOf(dn), parents);
        found.push(...parents);
      }
      return found;
    },
  };
}

function keyOf(dn: string): string {
  return canonicalDn(dn) ?? dn;
}
