/** What is not the same at all brokers of a fleet: one of them has not read a change, or has refused it. */
import type { FleetMember } from './fleet.ts';

interface RevisionDifference {
  /** `policy`, and so on. */
  readonly kind: string;
  /** The names of the brokers, by the revision that is in force there; `none` where nothing is. */
  readonly brokers: ReadonlyMap<string, readonly string[]>;
}

/** Brokers may sign with keys of their own, and listen on addresses of their own. */
const MAY_DIFFER: ReadonlySet<string> = new Set(['keys', 'config']);

export function differingRevisions(
  members: readonly Pick<FleetMember, 'name' | 'revisions'>[],
): readonly RevisionDifference[] {
  const kinds = [...new Set(members.flatMap(({ revisions }) => Object.keys(revisions)))];
  return kinds.flatMap((kind) => {
    const brokers = Map.groupBy(members, ({ revisions }) => revisions[kind] ?? 'none');
    if (brokers.size < 2 || MAY_DIFFER.has(kind)) return [];
    return [
      { kind, brokers: new Map([...brokers].map(([revision, found]) => [revision, found.map(({ name }) => name)])) },
    ];
  });
}
