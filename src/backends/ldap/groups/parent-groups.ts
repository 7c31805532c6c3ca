/**
 * The groups that list other groups. Most groups are in no other group, and many users share the same groups, so the
 * results are cached and most logins need no search.
 */
import type { Reader } from '../wire/search.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { LdapGroup } from './group.ts';
import type { TtlCaches } from '../../ttl-cache.ts';

export interface ParentGroups {
  /** The groups that list any of these groups. Throws DirectoryFault. */
  of(groups: readonly LdapGroup[], reader: Reader, deadline: Deadline): Promise<readonly LdapGroup[]>;
}

/** Finds the groups that list any of these DNs. */
type Search = (dns: readonly string[], reader: Reader, deadline: Deadline) => Promise<readonly LdapGroup[]>;

/** DNs in one filter. Servers handle some hundred terms. */
const BATCH = 50;
const TTL_SECONDS = 30;

export function createParentGroups(search: Search, caches: TtlCaches): ParentGroups {
  const cache = caches.create<readonly LdapGroup[]>(TTL_SECONDS);

  return {
    of: async (groups, reader, deadline) => {
      const parents: LdapGroup[] = [];
      const uncached: LdapGroup[] = [];
      for (const group of groups) {
        const entry = cache.get(group.canonicalDn);
        if (entry === undefined) uncached.push(group);
        else parents.push(...entry.value);
      }
      for (let at = 0; at < uncached.length; at += BATCH) {
        const batch = uncached.slice(at, at + BATCH);
        const store = cache.beginLookup();
        const found = await search(
          batch.map(({ dn }) => dn),
          reader,
          deadline,
        );
        // The answer for several groups does not say which of them a parent lists; an empty answer holds for each.
        if (found.length === 0 || batch.length === 1) for (const group of batch) store(group.canonicalDn, found);
        parents.push(...found);
      }
      return parents;
    },
  };
}
