/**
 * The groups that list other groups. Few are in any, and many users share theirs, so that what was found is remembered
 * for a moment: most logins need no search for it.
 */
import { canonicalDn } from '../../core/dn.ts';
import type { Clock } from '../../core/ports.ts';
import type { Reader } from './connection.ts';
import type { Deadline } from './deadline.ts';
import type { Group } from './group.ts';

export interface ParentGroups {
  /** The groups that list any of these. Throws DirectoryFault. */
  of(groups: readonly Group[], reader: Reader, deadline: Deadline): Promise<readonly Group[]>;
}

/** Finds the groups that list any of these DNs. */
type Search = (dns: readonly string[], reader: Reader, deadline: Deadline) => Promise<readonly Group[]>;

/** DNs in one filter; servers take some hundred terms well. */
const BATCH = 50;
const KEPT_MS = 30_000;
const MAX_KEPT = 10_000;

export function createParentGroups(search: Search, clock: Clock): ParentGroups {
  const known = new Map<string, { readonly parents: readonly Group[]; readonly until: number }>();

  function recall(dn: string): readonly Group[] | undefined {
    const kept = known.get(keyOf(dn));
    return kept !== undefined && kept.until > clock.monotonic() ? kept.parents : undefined;
  }

  function remember(dn: string, parents: readonly Group[]): void {
    known.delete(keyOf(dn));
    known.set(keyOf(dn), { parents, until: clock.monotonic() + KEPT_MS });
    for (const oldest of known.keys()) {
      if (known.size <= MAX_KEPT) break;
      known.delete(oldest);
    }
  }

  return {
    of: async (groups, reader, deadline) => {
      const found: Group[] = [];
      const unknown: string[] = [];
      for (const { dn } of groups) {
        const parents = recall(dn);
        if (parents === undefined) unknown.push(dn);
        else found.push(...parents);
      }
      for (let at = 0; at < unknown.length; at += BATCH) {
        const dns = unknown.slice(at, at + BATCH);
        const parents = await search(dns, reader, deadline);
        // Of several groups it is not told which one a parent lists; that none has any is told of each.
        if (parents.length === 0 || dns.length === 1) for (const dn of dns) remember(dn, parents);
        found.push(...parents);
      }
      return found;
    },
  };
}

function keyOf(dn: string): string {
  return canonicalDn(dn) ?? dn;
}
