/** The brokers of a fleet as `fairlead fleet` shows them. */
import type { FleetMember } from '../platform/valkey/fleet.ts';

/** A broker, as far as its place in the table depends on it. */
type Member = Pick<FleetMember, 'name' | 'revisions'>;

interface FleetList {
  readonly members: readonly Member[];
  /** Brokers with another fleet key. */
  readonly unreadable: number;
}

interface Difference {
  readonly kind: string;
  readonly text: string;
}

/** Brokers may sign with keys of their own, and listen on addresses of their own. */
const MAY_DIFFER: ReadonlySet<string> = new Set(['keys', 'config']);

/** What is not the same at all brokers: one of them has not read a change, or has refused it. */
export function differences({ members, unreadable }: FleetList): readonly Difference[] {
  return [...differingRevisions(members), ...differingKeys(unreadable)];
}

function differingKeys(unreadable: number): readonly Difference[] {
  if (unreadable === 0) return [];
  const [use, share] = unreadable === 1 ? ['broker uses', 'shares'] : ['brokers use', 'share'];
  const text = `${unreadable} ${use} the store with another key, and ${share} nothing with these`;
  return [{ kind: 'fleet key', text: `DIFFERS  fleet key: ${text}` }];
}

function differingRevisions(members: readonly Member[]): readonly Difference[] {
  const kinds = [...new Set(members.flatMap(({ revisions }) => Object.keys(revisions)))];
  return kinds.flatMap((kind) => {
    const found = new Map<string, string[]>();
    for (const { name, revisions } of members) {
      const revision = revisions[kind] ?? 'none';
      found.set(revision, [...(found.get(revision) ?? []), name]);
    }
    if (found.size < 2 || MAY_DIFFER.has(kind)) return [];
    const groups = [...found].map(([revision, names]) => `${revision} at ${names.join(', ')}`);
    return [{ kind, text: `DIFFERS  ${kind}: ${groups.join('; ')}` }];
  });
}
