/** The brokers of a fleet as `fairlead fleet` shows them. */
import { differingRevisions } from '../platform/valkey/fleet-differences.ts';
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

/** What is not the same at all brokers: one of them has not read a change, or has refused it. */
export function differences({ members, unreadable }: FleetList): readonly Difference[] {
  const revisions = differingRevisions(members).map(({ kind, brokers }) => {
    const groups = [...brokers].map(([revision, names]) => `${revision} at ${names.join(', ')}`);
    return { kind, text: `DIFFERS  ${kind}: ${groups.join('; ')}` };
  });
  return [...revisions, ...differingKeys(unreadable)];
}

function differingKeys(unreadable: number): readonly Difference[] {
  if (unreadable === 0) return [];
  const [use, share] = unreadable === 1 ? ['broker uses', 'shares'] : ['brokers use', 'share'];
  const text = `${unreadable} ${use} the store with another key, and ${share} nothing with these`;
  return [{ kind: 'fleet key', text: `DIFFERS  fleet key: ${text}` }];
}
