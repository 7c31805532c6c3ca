/** The comparison with the shadow policy, as a broker has it in memory for the pages of the console. */
import type { Action, Reason } from './access.ts';
import type { Scope } from './scope.ts';

/** A scope for which the shadow policy grants something else than the policy in force. */
export interface ShadowDifference {
  readonly requestId: string;
  /** Epoch seconds. */
  readonly at: number;
  /** Absent: anonymous. */
  readonly username?: string;
  readonly service: string;
  /** The address of the client. */
  readonly client: string;
  readonly asked: Scope;
  readonly inForce: ComparedGrant;
  readonly shadow: ComparedGrant;
}

interface ComparedGrant {
  readonly granted: readonly Action[];
  readonly because: readonly Reason[];
}

/** The number of scopes that both policies decided, as long as neither has changed. */
interface ShadowCounts {
  readonly same: number;
  readonly differing: number;
  /** When the first of them was decided, or the start of the broker. Epoch seconds. */
  readonly since: number;
  /** The revisions of both. Absent: nothing has been compared. */
  readonly revisions?: { readonly inForce: string; readonly shadow: string };
}

/** Which differences are meant. */
export interface DifferenceFilter {
  /** A part of the user name; empty: all. */
  readonly person: string;
  /** A part of the name of a repository; empty: all. */
  readonly repository: string;
  /** Only those where the shadow policy grants something more, or something less. Absent: both. */
  readonly change?: 'gained' | 'lost';
}

export interface ShadowDifferences {
  counts(): ShadowCounts;
  /** Those of the present revisions that match, the latest first, and how many more match. */
  find(filter: DifferenceFilter, most: number): { readonly found: readonly ShadowDifference[]; readonly more: number };
  readonly capacity: number;
}
